-- What is for sale, and who buys.

CREATE TABLE catalog (
    name text NOT NULL,
    document jsonb NOT NULL,
    settings jsonb NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_catalog PRIMARY KEY (name)
);

CREATE TABLE clock (
    id text NOT NULL,
    stripe_test_clock_id text,
    now timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_clock PRIMARY KEY (id),
    CONSTRAINT ck_clock_live CHECK ((id = 'live') = (stripe_test_clock_id IS NULL AND now IS NULL)),
    CONSTRAINT uq_clock_stripe_test_clock_id UNIQUE (stripe_test_clock_id)
);

CREATE TABLE customer (
    id text NOT NULL,
    catalog text NOT NULL,
    type text NOT NULL,
    external_id text NOT NULL,
    clock_id text NOT NULL,
    stripe_customer_id text,
    connected_account_id text,
    currency text,
    payment_method jsonb,
    name text,
    email text,
    lease_owner text,
    lease_until timestamptz,
    fence bigint NOT NULL,
    parked_reason text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_customer PRIMARY KEY (id),
    CONSTRAINT uq_customer_type_external_id UNIQUE (type, external_id),
    CONSTRAINT ck_customer_type CHECK ("type" IN ('user', 'organization')),
    CONSTRAINT ck_customer_external_id CHECK (external_id ~ '^[A-Za-z0-9-]{1,64}$'),
    CONSTRAINT ck_customer_connected_account_is_organization
        CHECK (connected_account_id IS NULL OR type = 'organization'),
    CONSTRAINT fk_customer_catalog FOREIGN KEY (catalog)
        REFERENCES catalog (name) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_customer_clock_id FOREIGN KEY (clock_id)
        REFERENCES clock (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_customer_stripe_customer_id UNIQUE (stripe_customer_id),
    CONSTRAINT uq_customer_connected_account_id UNIQUE (connected_account_id)
);

CREATE INDEX ix_customer_clock_id
    ON customer (clock_id);

CREATE TABLE feature (
    id text NOT NULL,
    catalog text NOT NULL,
    external_id text NOT NULL,
    type text NOT NULL,
    consumable boolean NOT NULL,
    event_names text[] NOT NULL,
    costs jsonb NOT NULL,
    archived_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_feature PRIMARY KEY (id),
    CONSTRAINT uq_feature_catalog_external_id UNIQUE (catalog, external_id),
    CONSTRAINT ck_feature_type CHECK ("type" IN ('boolean', 'metered', 'credit_system')),
    CONSTRAINT fk_feature_catalog FOREIGN KEY (catalog)
        REFERENCES catalog (name) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE product (
    id text NOT NULL,
    catalog text NOT NULL,
    external_id text NOT NULL,
    version_number bigint NOT NULL,
    active boolean NOT NULL,
    "group" text,
    kind text NOT NULL,
    add_on boolean NOT NULL,
    is_default boolean NOT NULL,
    trial jsonb,
    price_kind text NOT NULL,
    seller_id text,
    stripe_product_id text,
    ready boolean NOT NULL,
    archived_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_product PRIMARY KEY (id),
    CONSTRAINT uq_product_catalog_external_id_version_number UNIQUE (catalog, external_id, version_number),
    CONSTRAINT ck_product_kind
        CHECK ("kind" IN ('organization_tier', 'user_plan', 'space_membership', 'add_on', 'one_off', 'plan')),
    CONSTRAINT ck_product_price_kind CHECK ("price_kind" IN ('free', 'one_off', 'recurring')),
    CONSTRAINT fk_product_catalog FOREIGN KEY (catalog)
        REFERENCES catalog (name) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_product_seller_id FOREIGN KEY (seller_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_product_stripe_product_id UNIQUE (stripe_product_id)
);

CREATE UNIQUE INDEX uq_product_active_version
    ON product (catalog, external_id)
    WHERE active;

CREATE TABLE price (
    id text NOT NULL,
    product_id text NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    feature_id text,
    amount bigint,
    currency text NOT NULL,
    interval text NOT NULL,
    interval_count bigint NOT NULL,
    per numeric NOT NULL,
    tiers jsonb,
    tier_mode text,
    max_purchase numeric,
    on_increase text,
    on_decrease text,
    settled_by text NOT NULL,
    stripe_price_id text,
    archived_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_price PRIMARY KEY (id),
    CONSTRAINT uq_price_product_id_position UNIQUE (product_id, position),
    CONSTRAINT ck_price_kind
        CHECK ("kind" IN ('fixed', 'prepaid', 'arrears', 'allocated', 'allocated_arrears')),
    CONSTRAINT ck_price_interval CHECK ("interval" IN ('one_off', 'day', 'week', 'month', 'year')),
    CONSTRAINT ck_price_tier_mode CHECK ("tier_mode" IN ('graduated', 'volume')),
    CONSTRAINT ck_price_settled_by CHECK ("settled_by" IN ('wallstreet', 'stripe_meter')),
    CONSTRAINT ck_price_interval_count CHECK (interval_count >= 1),
    CONSTRAINT ck_price_feature CHECK ((kind = 'fixed') = (feature_id IS NULL)),
    CONSTRAINT ck_price_per CHECK (per > 0),
    CONSTRAINT fk_price_product_id FOREIGN KEY (product_id)
        REFERENCES product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_price_feature_id FOREIGN KEY (feature_id)
        REFERENCES feature (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_price_stripe_price_id UNIQUE (stripe_price_id)
);

CREATE TABLE product_feature (
    id text NOT NULL,
    product_id text NOT NULL,
    feature_id text NOT NULL,
    price_id text,
    position bigint NOT NULL,
    included numeric NOT NULL,
    unlimited boolean NOT NULL,
    reset text NOT NULL,
    reset_on_switch boolean NOT NULL,
    per_entity text,
    rollover jsonb,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_product_feature PRIMARY KEY (id),
    CONSTRAINT uq_product_feature_product_id_position UNIQUE (product_id, position),
    CONSTRAINT ck_product_feature_reset CHECK ("reset" IN ('hour', 'day', 'week', 'month', 'year', 'never')),
    CONSTRAINT fk_product_feature_product_id FOREIGN KEY (product_id)
        REFERENCES product (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_product_feature_feature_id FOREIGN KEY (feature_id)
        REFERENCES feature (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_product_feature_price_id FOREIGN KEY (price_id)
        REFERENCES price (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ix_product_feature_feature_id
    ON product_feature (feature_id);

CREATE TABLE entity (
    id text NOT NULL,
    customer_id text NOT NULL,
    feature_id text NOT NULL,
    external_id text NOT NULL,
    deleted_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_entity PRIMARY KEY (id),
    CONSTRAINT fk_entity_customer_id FOREIGN KEY (customer_id)
        REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_entity_feature_id FOREIGN KEY (feature_id)
        REFERENCES feature (id) DEFERRABLE INITIALLY DEFERRED
);

CREATE UNIQUE INDEX uq_entity_living
    ON entity (customer_id, feature_id, external_id)
    WHERE deleted_at IS NULL;
