-- What a customer has, and how it came there.

CREATE TABLE subscription (
    id text NOT NULL,
    customer_id text NOT NULL,
    stripe_subscription_id text,
    stripe_schedule_id text,
    currency text NOT NULL,
    collection text NOT NULL,
    anchor timestamptz NOT NULL,
    stripe_status text,
    paid boolean NOT NULL,
    ended_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_subscription PRIMARY KEY (id),
    CONSTRAINT ck_subscription_collection CHECK ("collection" IN ('charge', 'invoice')),
    CONSTRAINT ck_subscription_costless_is_not_at_stripe CHECK (paid OR stripe_subscription_id IS NULL),
    CONSTRAINT fk_subscription_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_subscription_stripe_subscription_id UNIQUE (stripe_subscription_id),
    CONSTRAINT uq_subscription_stripe_schedule_id UNIQUE (stripe_schedule_id)
);

CREATE INDEX ix_subscription_customer_id
    ON subscription (customer_id);

CREATE TABLE subscription_product (
    id text NOT NULL,
    subscription_id text NOT NULL,
    customer_id text NOT NULL,
    product_id text NOT NULL,
    entity_id text,
    "group" text,
    add_on boolean NOT NULL,
    one_off boolean NOT NULL,
    end_reason text,
    quantities jsonb NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    trial_ends_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    canceled_at timestamptz,
    attachment_id text,
    state text NOT NULL,
    state_version bigint NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_subscription_product PRIMARY KEY (id),
    CONSTRAINT ck_subscription_product_state
        CHECK ("state" IN ('incomplete', 'scheduled', 'trialing', 'active', 'past_due', 'paused', 'canceling', 'ended')),
    CONSTRAINT ck_subscription_product_end_reason
        CHECK ("end_reason" IN ('canceled', 'replaced', 'expired', 'payment_failed', 'refunded')),
    CONSTRAINT ck_subscription_product_ended_at CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT ck_subscription_product_canceling_has_an_end
        CHECK (state <> 'canceling' OR ends_at IS NOT NULL),
    CONSTRAINT ck_subscription_product_ended_for_a_reason
        CHECK ((state = 'ended') = (end_reason IS NOT NULL)),
    CONSTRAINT fk_subscription_product_subscription_id FOREIGN KEY (subscription_id)
        REFERENCES subscription (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_subscription_product_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_subscription_product_product_id FOREIGN KEY (product_id)
        REFERENCES product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_subscription_product_entity_id FOREIGN KEY (entity_id)
        REFERENCES entity (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_subscription_product_attachment_id FOREIGN KEY (attachment_id)
        REFERENCES attachment (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_subscription_product_customer_id
    ON subscription_product (customer_id);

CREATE INDEX ix_subscription_product_subscription_id
    ON subscription_product (subscription_id);

CREATE UNIQUE INDEX uq_subscription_product_live
    ON subscription_product (customer_id, coalesce(entity_id, ''), "group")
    WHERE state IN ('trialing', 'active', 'past_due', 'paused', 'canceling') AND NOT add_on AND NOT one_off AND "group" IS NOT NULL;

CREATE UNIQUE INDEX uq_subscription_product_scheduled
    ON subscription_product (customer_id, coalesce(entity_id, ''), "group")
    WHERE state = 'scheduled' AND NOT add_on AND NOT one_off AND "group" IS NOT NULL;

CREATE TABLE subscription_item (
    id text NOT NULL,
    subscription_product_id text NOT NULL,
    price_id text NOT NULL,
    stripe_item_id text,
    quantity numeric NOT NULL,
    period_start timestamptz,
    period_end timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_subscription_item PRIMARY KEY (id),
    CONSTRAINT uq_subscription_item_subscription_product_id_price_id UNIQUE (subscription_product_id, price_id),
    CONSTRAINT ck_subscription_item_quantity CHECK (quantity >= 0),
    CONSTRAINT ck_subscription_item_period CHECK (period_start < period_end),
    CONSTRAINT fk_subscription_item_subscription_product_id FOREIGN KEY (subscription_product_id)
        REFERENCES subscription_product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_subscription_item_price_id FOREIGN KEY (price_id)
        REFERENCES price (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_subscription_item_stripe_item_id
    ON subscription_item (stripe_item_id);

CREATE TABLE transition (
    id text NOT NULL,
    machine text NOT NULL,
    row_id text NOT NULL,
    version bigint NOT NULL,
    source text NOT NULL,
    event text NOT NULL,
    dest text NOT NULL,
    cause jsonb NOT NULL,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_transition PRIMARY KEY (id),
    CONSTRAINT uq_transition_machine_row_id_version UNIQUE (machine, row_id, version),
    CONSTRAINT ck_transition_version CHECK (version >= 1)
);
