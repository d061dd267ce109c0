package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// poolSize is the number of connections of one replica: reviews, River's own services and webhooks together.
// PostgreSQL allows 100 in all by default.
const poolSize = 16

func (s *Store) openPostgres(ctx context.Context, url string, readOnly bool) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return redact("parse the database URL", url, err)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "kms-review"
	}
	if readOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	s.url = url
	s.db = stdlib.OpenDB(*config)
	s.db.SetMaxOpenConns(poolSize)
	s.db.SetMaxIdleConns(poolSize)
	s.db.SetConnMaxIdleTime(5 * time.Minute)
	s.reads = s.db
	if err := s.db.PingContext(ctx); err != nil {
		return redact("connect to PostgreSQL", url, err)
	}
	return nil
}

// redact words an error of the driver without the password, which drivers have been known to repeat from the URL.
func redact(doing, url string, err error) error {
	text := err.Error()
	if config, parseErr := pgx.ParseConfig(url); parseErr == nil && config.Password != "" {
		text = strings.ReplaceAll(text, config.Password, "xxxxx")
	} else if parseErr != nil {
		text = "it must look like postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require, " +
			"with special characters of the password percent-encoded"
	}
	return fmt.Errorf("%s: %w", doing, errors.New(text))
}
