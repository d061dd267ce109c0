-- Times are milliseconds since 1970.

-- +goose Up

-- How far the calls of a repository's default branch are known.
CREATE TABLE call_maps (
    repo_id    bigint  NOT NULL PRIMARY KEY,
    commit_sha text    NOT NULL, -- '' while the first map is being written
    unread     integer NOT NULL, -- configuration files of the commit that are not read yet
    cut        boolean NOT NULL, -- GitHub did not list all files of the commit
    updated_at bigint  NOT NULL
);

-- Which configuration file calls which directory. A file that calls none has one row with an empty callee: its blob
-- need not be read again.
CREATE TABLE calls (
    repo_id bigint NOT NULL REFERENCES call_maps (repo_id) ON DELETE CASCADE,
    path    text   NOT NULL,
    dir     text   NOT NULL, -- of the file; the root is '.'
    sha     text   NOT NULL,
    callee  text   NOT NULL,
    PRIMARY KEY (repo_id, path, callee)
);
CREATE INDEX calls_callee ON calls (repo_id, callee, dir);

-- +goose Down
DROP TABLE calls;
DROP TABLE call_maps;
