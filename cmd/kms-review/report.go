package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
)

func reportCommand(p process) *cobra.Command {
	opts := app.ReportOptions{Version: version()}
	out := output{process: p}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write how every repository of an organisation stands",
		Long: "Write what the App knows of all repositories of an organisation or a user: coverage, findings with their evidence,\n" +
			"the controls that they relate to, keys, waivers and the trend. It reads the database of `kms-review serve`, also\n" +
			"while that runs, and asks nobody else.\n\n" +
			"Environment, as for serve:\n" +
			"  DATABASE_URL                  default sqlite:kms-review.db; or postgres://...\n" +
			"  GITHUB_API_URL                default https://api.github.com: links lead to the pages that belong to it",
		Example: "  kms-review report --org acme --output acme.html\n  kms-review report --org acme --format csv > findings.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(app.ReportFormats(), opts.Format) {
				return fmt.Errorf("unknown format %q: --format takes %s", opts.Format, listed(app.ReportFormats()))
			}
			cfg, err := config.ForReading(p.environment)
			if err != nil {
				return err
			}
			var text bytes.Buffer
			if err := app.Report(cmd.Context(), &text, cfg, opts); err != nil {
				return err
			}
			return out.save(text.Bytes())
		},
	}
	cmd.Flags().StringVar(&opts.Account, "org", "", "login of the organisation or the user (default: the only one there is)")
	cmd.Flags().StringVar(&opts.Format, "format", "html", strings.Join(app.ReportFormats(), "|"))
	cmd.Flags().StringVar(&out.file, "output", "", "write the report to this file instead of standard output")
	return cmd
}
