-- What was decided, and how far the doing is.

CREATE TABLE rule_set_version (
    hash text NOT NULL,
    files jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_rule_set_version PRIMARY KEY (hash)
);

CREATE TABLE decision (
    id text NOT NULL,
    customer_id text,
    kind text NOT NULL,
    rule_set_hash text NOT NULL,
    facts jsonb NOT NULL,
    trace jsonb NOT NULL,
    branch text,
    config jsonb NOT NULL,
    function text,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT ck_decision_kind CHECK ("kind" IN ('attach', 'preview', 'default')),
    CONSTRAINT fk_decision_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_decision_rule_set_hash FOREIGN KEY (rule_set_hash)
        REFERENCES rule_set_version (hash) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_decision_customer_id
    ON decision (customer_id);

CREATE TABLE attachment (
    id text NOT NULL,
    customer_id text,
    catalog text,
    kind text NOT NULL,
    caller text NOT NULL,
    idempotency_key text,
    params_hash text NOT NULL,
    request jsonb NOT NULL,
    decision_id text,
    lines jsonb NOT NULL,
    plan jsonb NOT NULL,
    version bigint,
    fence bigint NOT NULL,
    result jsonb,
    awaiting_type text,
    awaiting_id text,
    resume_at timestamptz,
    deadline timestamptz,
    error jsonb,
    at timestamptz NOT NULL,
    state text NOT NULL,
    state_version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_attachment PRIMARY KEY (id),
    CONSTRAINT ck_attachment_kind
        CHECK ("kind" IN ('attach', 'cancel', 'uncancel', 'catalog', 'payment_method', 'customer', 'settle')),
    CONSTRAINT ck_attachment_state
        CHECK ("state" IN ('planned', 'calling', 'unknown', 'recorded', 'awaiting_customer', 'rejected', 'compensating', 'completed', 'failed', 'needs_operator')),
    CONSTRAINT uq_attachment_caller_idempotency_key UNIQUE (caller, idempotency_key),
    CONSTRAINT ck_attachment_subject CHECK (customer_id IS NOT NULL OR catalog IS NOT NULL),
    CONSTRAINT ck_attachment_awaiting CHECK ((awaiting_type IS NULL) = (awaiting_id IS NULL)),
    CONSTRAINT fk_attachment_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_attachment_catalog FOREIGN KEY (catalog)
        REFERENCES catalog (name) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_attachment_decision_id FOREIGN KEY (decision_id)
        REFERENCES decision (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_attachment_awaiting
    ON attachment (awaiting_type, awaiting_id)
    WHERE awaiting_id IS NOT NULL;

CREATE INDEX ix_attachment_customer_id
    ON attachment (customer_id);

CREATE INDEX ix_attachment_resume_at
    ON attachment (resume_at)
    WHERE resume_at IS NOT NULL;

CREATE UNIQUE INDEX uq_attachment_running
    ON attachment (customer_id)
    WHERE state IN ('planned', 'calling', 'unknown', 'recorded', 'rejected', 'compensating');

CREATE TABLE step (
    attachment_id text NOT NULL,
    n bigint NOT NULL,
    kind text NOT NULL,
    gen bigint NOT NULL,
    params jsonb NOT NULL,
    condition jsonb,
    state text NOT NULL,
    sent_params jsonb,
    sent_hash text,
    object_type text,
    object_id text,
    result jsonb,
    first_sent_at timestamptz,
    last_sent_at timestamptz,
    attempts bigint NOT NULL,
    last_error jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_step PRIMARY KEY (attachment_id, n),
    CONSTRAINT ck_step_state
        CHECK ("state" IN ('pending', 'sent', 'done', 'rejected', 'unknown', 'skipped', 'compensated')),
    CONSTRAINT ck_step_sent CHECK (state = 'pending' OR state = 'skipped' OR sent_hash IS NOT NULL),
    CONSTRAINT ck_step_gen CHECK (gen >= 1),
    CONSTRAINT fk_step_attachment_id FOREIGN KEY (attachment_id)
        REFERENCES attachment (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_step_object_id
    ON step (object_id);

CREATE TABLE stripe_call (
    id text NOT NULL,
    attachment_id text,
    n bigint,
    gen bigint NOT NULL,
    idempotency_key text,
    method text NOT NULL,
    path text NOT NULL,
    params jsonb NOT NULL,
    status bigint,
    request_id text,
    replayed boolean NOT NULL,
    milliseconds numeric,
    sent_at timestamptz NOT NULL,
    answered_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_stripe_call PRIMARY KEY (id),
    CONSTRAINT fk_stripe_call_attachment_id FOREIGN KEY (attachment_id)
        REFERENCES attachment (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_stripe_call_attachment_id
    ON stripe_call (attachment_id);

CREATE INDEX ix_stripe_call_idempotency_key
    ON stripe_call (idempotency_key);
