-- Times are milliseconds since 1970.

-- +goose Up

-- What became of each webhook delivery. GitHub redelivers under the same GUID: one that failed runs again, one
-- that is queued or done does not.
CREATE TABLE deliveries (
    guid        text    NOT NULL PRIMARY KEY,
    kind        text    NOT NULL,
    outcome     text    NOT NULL CHECK (outcome IN ('queued', 'done', 'failed')),
    repo_id     bigint  NOT NULL DEFAULT 0,
    number      integer NOT NULL DEFAULT 0,
    generation  bigint  NOT NULL DEFAULT 0, -- of the pull request; 0: the delivery has a job of its own
    job_id      bigint  NOT NULL DEFAULT 0,
    comment_id  bigint  NOT NULL DEFAULT 0, -- the comment that waits for a reaction
    received_at bigint  NOT NULL,
    updated_at  bigint  NOT NULL
);
CREATE INDEX deliveries_queued ON deliveries (repo_id, number) WHERE outcome = 'queued';
CREATE INDEX deliveries_received_at ON deliveries (received_at);

-- One row for each pull request that was ever dirty. Every delivery raises the generation.
CREATE TABLE pulls (
    repo_id         bigint  NOT NULL,
    number          integer NOT NULL,
    generation      bigint  NOT NULL,
    finished        bigint  NOT NULL DEFAULT 0, -- the generation that the last finished review began with
    forced          bigint  NOT NULL DEFAULT 0, -- the last generation that asked for a review of the same head
    job_id          bigint  NOT NULL DEFAULT 0, -- its only live job; 0: none
    installation_id bigint  NOT NULL,
    owner           text    NOT NULL,
    name            text    NOT NULL,
    default_branch  text    NOT NULL,
    private         boolean NOT NULL,
    base_sha        text    NOT NULL,
    head_sha        text    NOT NULL,
    closed          boolean NOT NULL,
    updated_at      bigint  NOT NULL,
    PRIMARY KEY (repo_id, number)
);

CREATE TABLE installations (
    id         bigint  NOT NULL PRIMARY KEY,
    account    text    NOT NULL,
    complete   boolean NOT NULL, -- the list of its repositories is known whole
    updated_at bigint  NOT NULL
);

CREATE TABLE repositories (
    installation_id bigint  NOT NULL,
    repo_id         bigint  NOT NULL,
    owner           text    NOT NULL,
    name            text    NOT NULL,
    private         boolean NOT NULL,
    PRIMARY KEY (installation_id, repo_id)
);
CREATE INDEX repositories_repo_id ON repositories (repo_id);

-- The last thing the App said about a head of a pull request.
CREATE TABLE published (
    repo_id      bigint  NOT NULL,
    head_sha     text    NOT NULL,
    number       integer NOT NULL,
    check_run_id bigint  NOT NULL,
    digest       text    NOT NULL,
    conclusion   text    NOT NULL,
    title        text    NOT NULL,
    base_sha     text    NOT NULL,
    comments     integer NOT NULL,
    updated_at   bigint  NOT NULL,
    PRIMARY KEY (repo_id, head_sha, number)
);
CREATE INDEX published_pull ON published (repo_id, number);

-- Caches of what cannot change, evicted by last use. They are kept by repository, so that they go with it.
CREATE TABLE blobs (
    repo_id bigint NOT NULL,
    sha     text   NOT NULL,
    content bytea  NOT NULL,
    size    bigint NOT NULL,
    used_at bigint NOT NULL,
    PRIMARY KEY (repo_id, sha)
);
CREATE INDEX blobs_used_at ON blobs (used_at, size);

CREATE TABLE listings (
    repo_id    bigint NOT NULL,
    commit_sha text   NOT NULL,
    dir        text   NOT NULL,
    content    bytea  NOT NULL,
    size       bigint NOT NULL,
    used_at    bigint NOT NULL,
    PRIMARY KEY (repo_id, commit_sha, dir)
);
CREATE INDEX listings_used_at ON listings (used_at, size);

-- +goose Down
DROP TABLE listings;
DROP TABLE blobs;
DROP TABLE published;
DROP TABLE repositories;
DROP TABLE installations;
DROP TABLE pulls;
DROP TABLE deliveries;
