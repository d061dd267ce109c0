package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
)

func serveCommand(p process) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App",
		Long: "Run the GitHub App: receive webhooks, review pull requests, answer on /healthz and /readyz, and serve\n" +
			"/metrics on an address of its own. The first interrupt lets running reviews end.\n\n" +
			"Environment:\n" +
			"  GITHUB_APP_ID                 the App's number (required)\n" +
			"  GITHUB_APP_PRIVATE_KEY        its private key: PEM, or base64 of it (or the next)\n" +
			"  GITHUB_APP_PRIVATE_KEY_PATH   file with the private key\n" +
			"  GITHUB_APP_WEBHOOK_SECRET     the webhook's secret; several separated by commas (required)\n" +
			"  GITHUB_API_URL                default https://api.github.com\n" +
			"  DATABASE_URL                  default sqlite:kms-review.db; or postgres://...\n" +
			"  LISTEN_ADDR                   default :8080\n" +
			"  METRICS_ADDR                  default 127.0.0.1:9090\n" +
			"  LOG_LEVEL                     debug, info (default), warn or error\n" +
			"  LOG_FORMAT                    text (default) or json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.FromEnvironment(p.environment)
			if err != nil {
				return err
			}
			service, err := app.New(cmd.Context(), cfg, app.Options{Version: version(), Log: logger(cfg, p.stderr)})
			if err != nil {
				return err
			}
			return service.Run(cmd.Context())
		},
	}
}

func logger(cfg config.Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
