package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/analyzer/rules"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain ID",
		Short:   "Show a rule's page: why it matters, how to fix it, when it does not apply",
		Example: "  kms-review explain KMS101",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain takes the ID of one rule, such as KMS101; `kms-review rules` lists them")
			}
			r, ok := rules.ByID(args[0])
			if !ok {
				return fmt.Errorf("unknown rule %q; `kms-review rules` lists them", args[0])
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(r.Page()))
			return err
		},
	}
}
