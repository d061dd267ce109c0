package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/analyzer/rules"
)

func rulesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, r := range rules.All() {
				note := ""
				if r.OffByDefault {
					note = " (off by default)"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s%s\n", r.ID, r.Name, r.Severity, r.Title, note)
			}
			return w.Flush()
		},
	}
}
