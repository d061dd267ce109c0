-- Times are milliseconds since 1970.

-- +goose Up

-- Work that is not a pull request, one row for each thing that was ever dirty, with the same books as pulls.
CREATE TABLE tasks (
    kind            text   NOT NULL, -- scan (subject: the repository), reconcile, summary (subject: the installation)
    subject         bigint NOT NULL,
    installation_id bigint NOT NULL,
    generation      bigint NOT NULL,
    finished        bigint NOT NULL DEFAULT 0,
    forced          bigint NOT NULL DEFAULT 0,
    job_id          bigint NOT NULL DEFAULT 0,
    updated_at      bigint NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX tasks_installation ON tasks (installation_id);

-- How the default branch of a repository stands.
CREATE TABLE postures (
    repo_id          bigint  NOT NULL PRIMARY KEY,
    installation_id  bigint  NOT NULL,
    node_id          text    NOT NULL,
    owner            text    NOT NULL,
    name             text    NOT NULL,
    private          boolean NOT NULL,
    archived         boolean NOT NULL,
    branch           text    NOT NULL,
    head_sha         text    NOT NULL DEFAULT '', -- of the default branch when it was looked at last
    state            text    NOT NULL,            -- scanned, or why not
    reason           text    NOT NULL DEFAULT '',
    terraform        boolean NOT NULL DEFAULT false, -- somebody has seen Terraform there, whatever GitHub counts
    commit_sha       text    NOT NULL DEFAULT '', -- what was scanned
    tree_sha         text    NOT NULL DEFAULT '',
    judged           text    NOT NULL DEFAULT '', -- digest of what the findings depend on besides the tree
    expires_at       bigint  NOT NULL DEFAULT 0,  -- when the first of the waivers ends that count now; 0: none
    first_scanned_at bigint  NOT NULL DEFAULT 0,
    scanned_at       bigint  NOT NULL DEFAULT 0,
    critical         integer NOT NULL DEFAULT 0,
    high             integer NOT NULL DEFAULT 0,
    medium           integer NOT NULL DEFAULT 0,
    low              integer NOT NULL DEFAULT 0,
    waived           integer NOT NULL DEFAULT 0,
    result           bytea,                       -- what else was found, as JSON
    updated_at       bigint  NOT NULL
);
CREATE INDEX postures_installation ON postures (installation_id);

-- Problems that stand on a default branch, that are waived there, or that were until a short time ago.
CREATE TABLE posture_findings (
    repo_id     bigint  NOT NULL REFERENCES postures (repo_id) ON DELETE CASCADE,
    fingerprint text    NOT NULL,
    rule        text    NOT NULL,
    name        text    NOT NULL,
    severity    integer NOT NULL,
    address     text    NOT NULL,
    file        text    NOT NULL,
    start_line  integer NOT NULL,
    end_line    integer NOT NULL,
    message     text    NOT NULL,
    waived      boolean NOT NULL,
    reason      text    NOT NULL, -- of the waiver
    until       bigint  NOT NULL, -- its last day; 0: without end
    commit_sha  text    NOT NULL, -- at which the place was read
    pull        integer NOT NULL, -- that brought it; 0: not known
    first_seen  bigint  NOT NULL,
    fixed_at    bigint  NOT NULL DEFAULT 0, -- 0: it stands
    PRIMARY KEY (repo_id, fingerprint)
);

-- Which part of a repository was judged with which result, so that a push has only what it touches judged again.
CREATE TABLE posture_parts (
    repo_id bigint NOT NULL REFERENCES postures (repo_id) ON DELETE CASCADE,
    part    text   NOT NULL, -- its first directory
    digest  text   NOT NULL, -- of all that its result depends on
    content bytea  NOT NULL,
    PRIMARY KEY (repo_id, part)
);

-- How an account stood at the end of a day.
CREATE TABLE posture_days (
    installation_id bigint  NOT NULL,
    day             bigint  NOT NULL, -- since 1970
    private         boolean NOT NULL, -- of the private repositories, or of the public ones
    repositories    integer NOT NULL,
    scanned         integer NOT NULL,
    clean           integer NOT NULL,
    critical        integer NOT NULL,
    high            integer NOT NULL,
    medium          integer NOT NULL,
    low             integer NOT NULL,
    waived          integer NOT NULL,
    came            integer NOT NULL,
    went            integer NOT NULL,
    PRIMARY KEY (installation_id, day, private)
);

-- The summary issue of an account.
CREATE TABLE summaries (
    installation_id bigint  NOT NULL PRIMARY KEY,
    repo_id         bigint  NOT NULL,
    number          integer NOT NULL,
    digest          text    NOT NULL, -- of what the issue says
    closed          boolean NOT NULL, -- by a person, who does not want to see it
    critical        text    NOT NULL, -- fingerprints that the person knew, as JSON
    comments        text    NOT NULL, -- /kms-recheck comments that wait for an answer, as JSON
    written_at      bigint  NOT NULL,
    digest_at       bigint  NOT NULL -- when the last weekly digest was posted
);

-- Findings of pull requests that were open before the App came: no comment is made about them.
CREATE TABLE quieted (
    repo_id     bigint  NOT NULL,
    number      integer NOT NULL,
    fingerprint text    NOT NULL,
    updated_at  bigint  NOT NULL,
    PRIMARY KEY (repo_id, number, fingerprint)
);

ALTER TABLE pulls ADD COLUMN quiet boolean NOT NULL DEFAULT false;
ALTER TABLE installations ADD COLUMN suspended boolean NOT NULL DEFAULT false;
ALTER TABLE installations ADD COLUMN reconciled_at bigint NOT NULL DEFAULT 0;
ALTER TABLE installations ADD COLUMN settings text NOT NULL DEFAULT ''; -- the account's file, as it was read last

-- +goose Down
ALTER TABLE installations DROP COLUMN settings;
ALTER TABLE installations DROP COLUMN reconciled_at;
ALTER TABLE installations DROP COLUMN suspended;
ALTER TABLE pulls DROP COLUMN quiet;
DROP TABLE quieted;
DROP TABLE summaries;
DROP TABLE posture_days;
DROP TABLE posture_parts;
DROP TABLE posture_findings;
DROP TABLE postures;
DROP TABLE tasks;
