package main

import (
	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app/review"
)

func reviewCommand(p process) *cobra.Command {
	opts := review.LocalOptions{}
	out := output{process: p}
	cmd := &cobra.Command{
		Use:   "review [DIR]",
		Short: "Review a change in a local git repository",
		Long: "Review what lies between two revisions of the git repository that holds DIR (default: the current\n" +
			"directory). Without --head it is the work tree, with uncommitted and untracked files. Without --base it is\n" +
			"the merge base of the head and the default branch. Nothing is written to the repository.",
		Example: "  kms-review review\n  kms-review review --base origin/main --format json\n  kms-review review repo.git --base v1.0 --head v1.1",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Dir = directory(args)
			return local(cmd.Context(), out, opts)
		},
	}
	cmd.Flags().StringVar(&opts.Base, "base", "", "revision to compare with (default: merge base with the default branch)")
	cmd.Flags().StringVar(&opts.Head, "head", "", "revision to review (default: the work tree)")
	localFlags(cmd.Flags(), &out, &opts)
	return cmd
}
