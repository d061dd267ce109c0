package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app/config"
)

// The exit codes are a contract: scripts and CI decide by them.
const (
	exitFound    = 1 // something at or above --fail-on
	exitNotRun   = 2 // usage, not a repository, unreadable
	exitComplete = 0
)

// errFound ends the program with exitFound; the report has said why.
var errFound = errors.New("findings at or above --fail-on")

// process is what a command may use of the process that it runs in.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environment    config.Environment
}

// run carries out a command line and returns the exit code.
func run(ctx context.Context, p process, args []string) int {
	root := &cobra.Command{
		Use:   "kms-review",
		Short: "Review Terraform changes for AWS KMS",
		Long: "KMS Review says which AWS KMS problems a Terraform change brings, each on its line, and stays silent\n" +
			"about everything that it cannot prove.",
		Args:          knownCommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetArgs(args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; `%s --help` lists the flags", err, cmd.CommandPath())
	})
	root.AddCommand(reviewCommand(p), scanCommand(p), fixCommand(p), rulesCommand(), explainCommand(p), serveCommand(p), reportCommand(p), demoCommand(p), versionCommand())
	return exitCode(ctx, p, root.ExecuteContext(ctx))
}

func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return fmt.Errorf("unknown command %q; did you mean `%s %s`?", args[0], cmd.Name(), like[0])
	}
	return fmt.Errorf("unknown command %q; `%s --help` lists the commands", args[0], cmd.Name())
}

func exitCode(ctx context.Context, p process, err error) int {
	switch {
	case err == nil:
		return exitComplete
	case errors.Is(err, errFound):
		return exitFound
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(p.stderr, "kms-review:", strings.TrimSuffix(line, "\n"))
	}
	return exitNotRun
}

// terminal tells whether a person is at the other end of a stream.
func (p process) terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// color tells whether a report may be coloured: https://no-color.org
func (p process) color(w io.Writer) bool {
	noColor, _ := p.environment("NO_COLOR")
	terminal, _ := p.environment("TERM")
	return p.terminal(w) && noColor == "" && terminal != "dumb"
}
