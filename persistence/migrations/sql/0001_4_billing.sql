-- What was billed.

CREATE TABLE invoice (
    id text NOT NULL,
    customer_id text NOT NULL,
    subscription_id text,
    attachment_id text,
    stripe_invoice_id text NOT NULL,
    number text,
    reason text,
    currency text NOT NULL,
    subtotal bigint NOT NULL,
    total bigint NOT NULL,
    amount_due bigint NOT NULL,
    amount_paid bigint NOT NULL,
    hosted_url text,
    lines jsonb NOT NULL,
    stripe_created timestamptz NOT NULL,
    finalized_at timestamptz,
    due_at timestamptz,
    period_start timestamptz,
    period_end timestamptz,
    state text NOT NULL,
    state_version bigint NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_invoice PRIMARY KEY (id),
    CONSTRAINT ck_invoice_state CHECK ("state" IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
    CONSTRAINT fk_invoice_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_invoice_subscription_id FOREIGN KEY (subscription_id)
        REFERENCES subscription (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_invoice_attachment_id FOREIGN KEY (attachment_id)
        REFERENCES attachment (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_invoice_stripe_invoice_id UNIQUE (stripe_invoice_id)
);

CREATE INDEX ix_invoice_customer_id
    ON invoice (customer_id);

CREATE TABLE billed_line (
    id text NOT NULL,
    subscription_id text NOT NULL,
    subscription_product_id text,
    price_id text,
    product_id text,
    invoice_id text,
    stripe_line_id text,
    kind text NOT NULL,
    description text NOT NULL,
    amount bigint NOT NULL,
    discount bigint NOT NULL,
    tax bigint NOT NULL,
    quantity numeric NOT NULL,
    currency text NOT NULL,
    period_start timestamptz,
    period_end timestamptz,
    credited bigint NOT NULL,
    paid boolean NOT NULL,
    access_given boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_billed_line PRIMARY KEY (id),
    CONSTRAINT ck_billed_line_credited CHECK (credited >= 0),
    CONSTRAINT ck_billed_line_credited_at_most_once CHECK (credited <= greatest(amount - discount, 0)),
    CONSTRAINT ck_billed_line_period CHECK (period_start < period_end),
    CONSTRAINT fk_billed_line_subscription_id FOREIGN KEY (subscription_id)
        REFERENCES subscription (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_billed_line_subscription_product_id FOREIGN KEY (subscription_product_id)
        REFERENCES subscription_product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_billed_line_price_id FOREIGN KEY (price_id)
        REFERENCES price (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_billed_line_product_id FOREIGN KEY (product_id)
        REFERENCES product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_billed_line_invoice_id FOREIGN KEY (invoice_id)
        REFERENCES invoice (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_billed_line_invoice_id
    ON billed_line (invoice_id);

CREATE INDEX ix_billed_line_subscription_id
    ON billed_line (subscription_id);

CREATE INDEX ix_billed_line_subscription_product_id
    ON billed_line (subscription_product_id);

CREATE UNIQUE INDEX uq_billed_line_stripe_line
    ON billed_line (stripe_line_id)
    WHERE stripe_line_id IS NOT NULL;

CREATE TABLE checkout_session (
    id text NOT NULL,
    customer_id text NOT NULL,
    attachment_id text NOT NULL,
    stripe_session_id text NOT NULL,
    url text,
    params_hash text NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL,
    state_version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_checkout_session PRIMARY KEY (id),
    CONSTRAINT ck_checkout_session_state CHECK ("state" IN ('open', 'complete', 'expired')),
    CONSTRAINT fk_checkout_session_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_checkout_session_attachment_id FOREIGN KEY (attachment_id)
        REFERENCES attachment (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_checkout_session_stripe_session_id UNIQUE (stripe_session_id)
);

CREATE UNIQUE INDEX uq_checkout_session_open
    ON checkout_session (customer_id)
    WHERE state = 'open';
