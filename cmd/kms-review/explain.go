package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/app/render"
)

func explainCommand(p process) *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Show a rule's page: why it matters, how to fix it, when it does not apply",
		Long: "Show the page of a rule, named by its ID or its name. In a terminal it is laid out to the width; anywhere else it\n" +
			"is Markdown.",
		Example: "  kms-review explain KMS101\n  kms-review explain rotation-disabled > page.md",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain takes the ID of one rule, such as KMS101; `kms-review rules` lists them")
			}
			r, ok := rules.ByID(args[0])
			if !ok {
				return unknownRule(args[0])
			}
			if !p.terminal(p.stdout) {
				_, err := io.WriteString(p.stdout, rules.Page(r))
				return err
			}
			return render.Page(p.stdout, rules.Page(r), render.PageOptions{Width: width(p.stdout), Color: p.color(p.stdout)})
		},
	}
}

func unknownRule(key string) error {
	near := rules.Nearest(key)
	if len(near) == 0 {
		return fmt.Errorf("unknown rule %q; `kms-review rules` lists them", key)
	}
	return fmt.Errorf("unknown rule %q; did you mean %s? `kms-review rules` lists all", key, strings.Join(near, " or "))
}

// width is the number of columns of a terminal, 0 where it does not say.
func width(stream any) int {
	file, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
