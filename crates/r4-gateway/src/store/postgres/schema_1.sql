-- The last change of any key, and the end of the audit trail. Each change takes this row first.
CREATE TABLE r4_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL,
    audit_seq bigint NOT NULL,
    audit_hash text NOT NULL
);
INSERT INTO r4_head (revision, audit_seq, audit_hash) VALUES (0, 0, repeat('0', 64));

-- Keys. Of a key's text there is its SHA-256 alone.
CREATE TABLE r4_keys (
    id bigint PRIMARY KEY,
    revision bigint NOT NULL UNIQUE,
    name text NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    old_hashes bytea[] NOT NULL,
    old_untils bigint[] NOT NULL,
    rate text NOT NULL,
    burst bigint NOT NULL,
    quota text,
    scopes text NOT NULL,
    created bigint NOT NULL,
    expires bigint,
    rotated bigint,
    revoked bigint
);
CREATE UNIQUE INDEX r4_keys_live_name ON r4_keys (name) WHERE revoked IS NULL;

CREATE TABLE r4_audit (
    seq bigint PRIMARY KEY,
    time bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    key_id text NOT NULL,
    name text NOT NULL,
    detail text NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL
);
CREATE FUNCTION r4_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit trail is only ever added to'; END $$;
CREATE TRIGGER r4_audit_rows BEFORE UPDATE OR DELETE ON r4_audit
    FOR EACH ROW EXECUTE FUNCTION r4_audit_refuse();
CREATE TRIGGER r4_audit_whole BEFORE TRUNCATE ON r4_audit
    FOR EACH STATEMENT EXECUTE FUNCTION r4_audit_refuse();

-- Units given out; "last" is what the last lease took.
CREATE TABLE r4_grants (
    key_id bigint NOT NULL,
    period_start bigint NOT NULL,
    granted bigint NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (key_id, period_start)
);

CREATE TABLE r4_usage (
    key_id bigint NOT NULL,
    day bigint NOT NULL,
    route text COLLATE "C" NOT NULL,
    requests bigint NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (key_id, day, route)
);

-- Requests that name themselves; without a status they are under way.
CREATE TABLE r4_slots (
    slot bytea PRIMARY KEY,
    owner bigint NOT NULL,
    fingerprint bytea NOT NULL,
    ends bigint NOT NULL,
    status bigint,
    content_type text,
    body bytea
);
CREATE INDEX r4_slots_owner ON r4_slots (owner, ends);
CREATE INDEX r4_slots_ends ON r4_slots (ends);

-- Public lists of participants, by their SHA-256.
CREATE TABLE r4_lists (
    hash bytea PRIMARY KEY,
    text bytea NOT NULL
);

CREATE TABLE r4_health (
    start bigint NOT NULL,
    component text COLLATE "C" NOT NULL,
    ok bigint NOT NULL,
    degraded bigint NOT NULL,
    down bigint NOT NULL,
    PRIMARY KEY (start, component)
);
