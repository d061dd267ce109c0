package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/review"
)

func fixCommand(p process) *cobra.Command {
	opts := review.LocalOptions{}
	dry := false
	cmd := &cobra.Command{
		Use:   "fix [DIR]",
		Short: "Apply the proven suggestions of a review",
		Long: "Review a change as `kms-review review` does, from the merge base with the default branch to the work tree, and\n" +
			"write the suggestions that are proven, alone and together. With --all, everything in DIR is reviewed, as by\n" +
			"`kms-review scan`, in a repository or not. Only files in DIR (default: the current directory) are written. A file\n" +
			"that was changed meanwhile is left alone, and so is one behind a symbolic link.\n\n" +
			"The exit code is that of a review of the result: 1 if something at or above --fail-on is left.",
		Example: "  kms-review fix\n  kms-review fix --dry-run | git apply\n  kms-review fix --all --rules KMS101 infra",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Dir = directory(args)
			if opts.Scan && opts.Base != "" {
				return errors.New("--all reviews everything there is, so there is nothing to compare with: leave out --base, or --all")
			}
			return mend(cmd.Context(), p, opts, dry)
		},
	}
	cmd.Flags().StringVar(&opts.Base, "base", "", "revision to compare with (default: merge base with the default branch)")
	cmd.Flags().BoolVar(&opts.Scan, "all", false, "apply the suggestions for everything in DIR, not for a change alone")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "write nothing, and print a diff that git apply takes")
	judgementFlags(cmd.Flags(), &opts)
	return cmd
}

// mend reviews, applies the suggestions and says what it did: on standard output, which belongs to the diff in a dry run.
func mend(ctx context.Context, p process, opts review.LocalOptions, dry bool) error {
	progress(p, &opts)
	mended, err := review.FixLocal(ctx, opts)
	if mended == nil {
		return err
	}
	said := p.stdout
	files := len(mended.Files)
	if dry {
		said = p.stderr
		withheld, patchErr := mended.Patch(p.stdout)
		if len(withheld) > 0 {
			fmt.Fprintf(p.stderr, "kms-review: left out of the diff, because a secret stands beside it: a part of %s\n", strings.Join(quoted(withheld), ", "))
		}
		err = errors.Join(err, patchErr)
	} else {
		done, saveErr := mended.Save()
		files = len(done)
		err = errors.Join(err, saveErr)
	}
	summary := render.Mended{Fixed: mended.Fixed, Left: mended.Left(), Diagnostics: mended.Report.Diagnostics, Files: files, Dry: dry}
	err = errors.Join(err, summary.Text(said, p.color(said)), mended.Close())
	if err == nil && mended.Failed() {
		return errFound
	}
	return err
}

func quoted(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return out
}

// progress says on a terminal that work has begun, and fills in when and by whom.
func progress(p process, opts *review.LocalOptions) {
	opts.Now, opts.Version = time.Now(), version()
	if p.terminal(p.stderr) {
		fmt.Fprintf(p.stderr, "kms-review: reading %s ...\n", opts.Dir)
	}
}
