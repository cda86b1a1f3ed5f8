-- What the database refuses by itself, whoever writes.

-- What was recorded stays as it was recorded.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transition
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON stripe_call
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A price that Stripe knows was shown to buyers: it may be archived, nothing else.
CREATE FUNCTION refuse_change_of_used_price() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    movable constant text[] := ARRAY['stripe_price_id', 'archived_at', 'version', 'updated_at'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'price % is known to Stripe: archive it', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(NEW) - movable IS DISTINCT FROM to_jsonb(OLD) - movable THEN
        RAISE EXCEPTION 'price % is known to Stripe: make another one', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER used_price BEFORE UPDATE OR DELETE ON price
    FOR EACH ROW WHEN (OLD.stripe_price_id IS NOT NULL) EXECUTE FUNCTION refuse_change_of_used_price();

-- A state without the transition that led to it does not get past the commit.
-- Row and transition come in one transaction in either order, hence the deferral.
CREATE FUNCTION refuse_unexplained_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM transition
        WHERE machine = TG_ARGV[0] AND row_id = NEW.id AND version = NEW.state_version AND dest = NEW.state
    ) THEN
        RAISE EXCEPTION '% % came to % without a transition', TG_TABLE_NAME, NEW.id, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER explained_state
    AFTER INSERT OR UPDATE OF state, state_version ON subscription_product DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unexplained_state('subscription_product');

CREATE CONSTRAINT TRIGGER explained_state
    AFTER INSERT OR UPDATE OF state, state_version ON invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unexplained_state('invoice');

CREATE CONSTRAINT TRIGGER explained_state
    AFTER INSERT OR UPDATE OF state, state_version ON checkout_session DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unexplained_state('checkout');

CREATE CONSTRAINT TRIGGER explained_state
    AFTER INSERT OR UPDATE OF state, state_version ON attachment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_unexplained_state('attachment');

-- The clock that shows the real time.
INSERT INTO clock (id) VALUES ('live');
