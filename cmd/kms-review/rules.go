package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/analyzer/rules"
)

func rulesCommand() *cobra.Command {
	format := ""
	cmd := &cobra.Command{
		Use:     "rules",
		Short:   "List the rules",
		Example: "  kms-review rules\n  kms-review rules --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch format {
			case "text":
				return rules.Text(cmd.OutOrStdout())
			case "markdown":
				return rules.Markdown(cmd.OutOrStdout(), nil)
			case "json":
				return rules.JSON(cmd.OutOrStdout())
			}
			return fmt.Errorf("unknown format %q: --format takes text, markdown or json", format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text|markdown|json")
	return cmd
}
