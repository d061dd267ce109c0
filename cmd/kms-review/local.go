package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kms-review/kms-review/app/review"
)

// output says where a report goes and how it looks.
type output struct {
	process process
	format  string
	file    string
}

// localFlags are the flags that review and scan have in common.
func localFlags(flags *pflag.FlagSet, out *output, opts *review.LocalOptions) {
	flags.StringVar(&out.format, "format", "text", strings.Join(review.Formats(), "|"))
	flags.StringVar(&out.file, "output", "", "write the report to this file instead of standard output")
	judgementFlags(flags, opts)
}

// judgementFlags are the flags that say how to judge.
func judgementFlags(flags *pflag.FlagSet, opts *review.LocalOptions) {
	flags.StringVar(&opts.FailOn, "fail-on", "", "critical|high|medium|low|never: exit with 1 for a new finding at or above it (default: the settings, else high)")
	flags.StringVar(&opts.Rules, "rules", "", "all|default|ID,-ID,...: which rules run (default: the settings)")
	flags.StringArrayVar(&opts.VarFiles, "var-file", nil, "file with values of variables, as for terraform plan (may be given several times)")
}

func directory(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// local judges, writes the report and turns it into an error for the exit code.
func local(ctx context.Context, out output, opts review.LocalOptions) error {
	if !slices.Contains(review.Formats(), out.format) {
		return fmt.Errorf("unknown format %q: --format takes %s", out.format, listed(review.Formats()))
	}
	progress(out.process, &opts)
	result, err := review.RunLocal(ctx, opts)
	if result == nil {
		return err
	}
	err = errors.Join(err, out.write(result), result.Close())
	if err == nil && result.Failed() {
		return errFound
	}
	return err
}

func (o output) write(result *review.Local) error {
	if o.file == "" {
		return result.Write(o.process.stdout, o.format, o.process.color(o.process.stdout))
	}
	var report bytes.Buffer
	if err := result.Write(&report, o.format, false); err != nil {
		return err
	}
	return o.save(report.Bytes())
}

// save writes a whole report where it was asked for: to the file, else to standard output.
func (o output) save(report []byte) error {
	var err error
	if o.file == "" {
		_, err = o.process.stdout.Write(report)
	} else {
		err = os.WriteFile(o.file, report, 0o644) //nolint:gosec // a report is meant to be read by others
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// listed writes a list as a sentence does.
func listed(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
