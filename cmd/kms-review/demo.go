package main

import (
	"github.com/spf13/cobra"

	"github.com/kms-review/kms-review/app/demo"
)

func demoCommand(p process) *cobra.Command {
	opts := demo.Options{Out: p.stdout, Version: version()}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole App against a GitHub on this machine",
		Long: "Start the App and a GitHub on localhost, open a pull request there, and show its review in the browser.\n" +
			"It needs git, and neither an account nor a network. It ends with Ctrl-C.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.terminal(p.stdin) {
				opts.In = p.stdin
			}
			return demo.Run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Once, "once", false, "apply the App's suggestions instead of showing the page, and exit with 0 if its next review is a success")
	cmd.Flags().StringVar(&opts.Listen, "listen", "", "address of the page (default 127.0.0.1:8180, or the next free port)")
	return cmd
}
