package main

import (
	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app/review"
)

func scanCommand(p process) *cobra.Command {
	opts := review.LocalOptions{Scan: true}
	out := output{process: p}
	cmd := &cobra.Command{
		Use:     "scan [DIR]",
		Short:   "Review everything in a directory",
		Long:    "Review all Terraform files in DIR (default: the current directory) and below, in a repository or not.",
		Example: "  kms-review scan\n  kms-review scan infra --fail-on medium",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Dir = directory(args)
			return local(cmd.Context(), out, opts)
		},
	}
	localFlags(cmd.Flags(), &out, &opts)
	return cmd
}
