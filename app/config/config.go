// Package config owns the process configuration of the App: the environment variables of "kms-review serve",
// their defaults and how they must fit together. All problems are reported at once. It reads the environment
// by itself because a library for it would word its errors by Go field, not by variable with what to do.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/app/store"
)

// Config is a checked configuration.
type Config struct {
	AppID          int64
	PrivateKey     Secret // PEM of an RSA key
	WebhookSecrets []Secret
	APIURL         string // without a slash at the end
	GraphQLURL     string
	DatabaseURL    Secret // it may hold a password
	ListenAddr     string
	MetricsAddr    string
	LogLevel       slog.Level
	LogFormat      string // "text" or "json"
}

// Environment looks up a variable, as os.LookupEnv does.
type Environment func(name string) (value string, found bool)

// FromEnvironment reads and checks all variables. The error joins one problem a line, each naming its variable
// and saying what to do; it holds no secret.
func FromEnvironment(environment Environment) (Config, error) {
	r := reader{environment: environment}
	config := Config{
		AppID:          r.appID(),
		PrivateKey:     r.privateKey(),
		WebhookSecrets: r.webhookSecrets(),
		DatabaseURL:    r.databaseURL(),
		ListenAddr:     r.address("LISTEN_ADDR", ":8080"),
		MetricsAddr:    r.address("METRICS_ADDR", "127.0.0.1:9090"),
		LogLevel:       r.logLevel(),
		LogFormat:      r.logFormat(),
	}
	config.APIURL, config.GraphQLURL = r.apiURLs()
	if config.ListenAddr == config.MetricsAddr && config.ListenAddr != "" {
		r.fail("METRICS_ADDR", "is the same address as LISTEN_ADDR; metrics need a port of their own")
	}
	if err := errors.Join(r.problems...); err != nil {
		return Config{}, err
	}
	return config, nil
}

// Reading is what a command needs that only reads what the App has stored.
type Reading struct {
	DatabaseURL Secret
	APIURL      string // without a slash at the end
}

// ForReading reads and checks the variables of Reading, as FromEnvironment does with all of them.
func ForReading(environment Environment) (Reading, error) {
	r := reader{environment: environment}
	config := Reading{DatabaseURL: r.databaseURL()}
	config.APIURL, _ = r.apiURLs()
	if err := errors.Join(r.problems...); err != nil {
		return Reading{}, err
	}
	return config, nil
}

// reader collects problems instead of stopping at the first: fixing one variable per restart is no fun.
type reader struct {
	environment Environment
	problems    []error
}

func (r *reader) fail(name, problem string) {
	r.problems = append(r.problems, fmt.Errorf("%s %s", name, problem))
}

// get returns a variable without the white space that a file or a YAML block leaves around it. An empty
// variable counts as not set.
func (r *reader) get(name, fallback string) string {
	value, _ := r.environment(name)
	if value = strings.TrimSpace(value); value == "" {
		return fallback
	}
	return value
}

func (r *reader) appID() int64 {
	value := r.get("GITHUB_APP_ID", "")
	if value == "" {
		r.fail("GITHUB_APP_ID", "is not set; it is the number on the App's settings page (app.yml says how to register one)")
		return 0
	}
	id, err := strconv.ParseInt(value, 10, 64)
	if err != nil || id <= 0 {
		r.fail("GITHUB_APP_ID", fmt.Sprintf("is %q; it must be the App's number, such as 123456 (not its client ID)", value))
	}
	return id
}

func (r *reader) webhookSecrets() (secrets []Secret) {
	for _, secret := range strings.Split(r.get("GITHUB_APP_WEBHOOK_SECRET", ""), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			secrets = append(secrets, NewSecret(secret))
		}
	}
	if len(secrets) == 0 {
		r.fail("GITHUB_APP_WEBHOOK_SECRET", "is not set; set the webhook secret of the App's settings page "+
			"(several, separated by commas, while it is being changed)")
	}
	return secrets
}

func (r *reader) databaseURL() Secret {
	value := r.get("DATABASE_URL", "sqlite:kms-review.db")
	if _, err := store.DialectOf(value); err != nil {
		r.fail("DATABASE_URL", "is not a database URL; it must be sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
	}
	return NewSecret(value)
}

func (r *reader) address(name, fallback string) string {
	value := r.get(name, fallback)
	host, port, err := net.SplitHostPort(value)
	if number, portErr := strconv.Atoi(port); err != nil || portErr != nil || number < 0 || number > 65535 {
		r.fail(name, fmt.Sprintf("is %q; it must be HOST:PORT or :PORT, such as %s", value, fallback))
		return ""
	}
	return net.JoinHostPort(host, port)
}

func (r *reader) logLevel() (level slog.Level) {
	value := r.get("LOG_LEVEL", "info")
	if err := level.UnmarshalText([]byte(value)); err != nil {
		r.fail("LOG_LEVEL", fmt.Sprintf("is %q; it must be debug, info, warn or error", value))
	}
	return level
}

func (r *reader) logFormat() string {
	value := strings.ToLower(r.get("LOG_FORMAT", "text"))
	if value != "text" && value != "json" {
		r.fail("LOG_FORMAT", fmt.Sprintf("is %q; it must be text or json", value))
	}
	return value
}
