-- Times are milliseconds since 1970.

-- +goose Up

-- Inline comments that the App folded away. Any other one that is folded was folded by a person, who does not want to
-- read it again.
CREATE TABLE folded (
    repo_id    bigint NOT NULL,
    node_id    text   NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (repo_id, node_id)
);

-- +goose Down
DROP TABLE folded;
