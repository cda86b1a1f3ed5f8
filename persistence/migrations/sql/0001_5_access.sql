-- What may be used, and what was.

CREATE TABLE balance (
    id text NOT NULL,
    customer_id text NOT NULL,
    entity_id text,
    feature_id text NOT NULL,
    subscription_product_id text,
    product_feature_id text,
    source text NOT NULL,
    included numeric NOT NULL,
    purchased numeric NOT NULL,
    used numeric NOT NULL,
    unlimited boolean NOT NULL,
    overage_allowed boolean NOT NULL,
    reset text NOT NULL,
    anchor timestamptz NOT NULL,
    period_start timestamptz NOT NULL,
    next_reset_at timestamptz,
    expires_at timestamptz,
    ended_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_balance PRIMARY KEY (id),
    CONSTRAINT ck_balance_reset CHECK ("reset" IN ('hour', 'day', 'week', 'month', 'year', 'never')),
    CONSTRAINT ck_balance_granted CHECK (included >= 0 AND purchased >= 0),
    CONSTRAINT fk_balance_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_balance_entity_id FOREIGN KEY (entity_id)
        REFERENCES entity (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_balance_feature_id FOREIGN KEY (feature_id)
        REFERENCES feature (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_balance_subscription_product_id FOREIGN KEY (subscription_product_id)
        REFERENCES subscription_product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_balance_product_feature_id FOREIGN KEY (product_feature_id)
        REFERENCES product_feature (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_balance_scope
    ON balance (customer_id, feature_id)
    WHERE ended_at IS NULL;

CREATE UNIQUE INDEX uq_balance_source
    ON balance (subscription_product_id, product_feature_id, coalesce(entity_id, ''), source)
    WHERE ended_at IS NULL;

CREATE TABLE ledger_entry (
    id text NOT NULL,
    balance_id text NOT NULL,
    delta numeric NOT NULL,
    kind text NOT NULL,
    source_type text NOT NULL,
    source_id text NOT NULL,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ledger_entry PRIMARY KEY (id),
    CONSTRAINT uq_ledger_entry_balance_id_source_type_source_id_kind UNIQUE (balance_id, source_type, source_id, kind),
    CONSTRAINT ck_ledger_entry_kind
        CHECK ("kind" IN ('grant', 'usage', 'reset', 'carry', 'expire', 'adjust')),
    CONSTRAINT fk_ledger_entry_balance_id FOREIGN KEY (balance_id)
        REFERENCES balance (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE usage_event (
    id text NOT NULL,
    customer_id text NOT NULL,
    feature_id text NOT NULL,
    entity_id text,
    value numeric NOT NULL,
    idempotency_key text,
    answer jsonb NOT NULL,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_usage_event PRIMARY KEY (id),
    CONSTRAINT uq_usage_event_customer_id_idempotency_key UNIQUE (customer_id, idempotency_key),
    CONSTRAINT fk_usage_event_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_usage_event_feature_id FOREIGN KEY (feature_id)
        REFERENCES feature (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_usage_event_entity_id FOREIGN KEY (entity_id)
        REFERENCES entity (id) DEFERRABLE INITIALLY DEFERRED
);
