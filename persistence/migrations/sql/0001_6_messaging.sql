-- What has to be told, what was heard, what is due, and what was answered.

CREATE TABLE outbox (
    seq bigserial NOT NULL,
    event_id text NOT NULL,
    entity text NOT NULL,
    entity_id text NOT NULL,
    version bigint NOT NULL,
    subject text NOT NULL,
    owner text NOT NULL,
    body jsonb NOT NULL,
    published_at timestamptz,
    published_seq bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_outbox PRIMARY KEY (seq),
    CONSTRAINT uq_outbox_entity_entity_id_version UNIQUE (entity, entity_id, version),
    CONSTRAINT uq_outbox_event_id UNIQUE (event_id)
);

CREATE INDEX ix_outbox_owner
    ON outbox (owner);

CREATE INDEX ix_outbox_unpublished
    ON outbox (seq)
    WHERE published_at IS NULL;

CREATE TABLE inbox (
    event_id text NOT NULL,
    type text NOT NULL,
    object_type text NOT NULL,
    object_id text,
    account text,
    livemode boolean NOT NULL,
    created timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    attempts bigint NOT NULL,
    next_at timestamptz,
    last_error text,
    parked boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_inbox PRIMARY KEY (event_id)
);

CREATE INDEX ix_inbox_open
    ON inbox (next_at)
    WHERE handled_at IS NULL AND NOT parked;

CREATE TABLE due (
    id text NOT NULL,
    customer_id text,
    clock_id text NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    resume_at timestamptz,
    done_at timestamptz,
    attempts bigint NOT NULL,
    last_error text,
    parked boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_due PRIMARY KEY (id),
    CONSTRAINT fk_due_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_due_clock_id FOREIGN KEY (clock_id)
        REFERENCES clock (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_due_key UNIQUE (key)
);

CREATE INDEX ix_due_customer_id
    ON due (customer_id);

CREATE INDEX ix_due_open
    ON due (clock_id, at)
    WHERE done_at IS NULL AND NOT parked;

CREATE TABLE idempotency_key (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status bigint,
    body jsonb,
    locked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_key PRIMARY KEY (caller, key)
);
