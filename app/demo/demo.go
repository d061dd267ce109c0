// Package demo owns the demonstration: the real App and a simulated GitHub on this machine, with a repository and a
// pull request that has something to find. Everything lives in a temporary directory and on ports of 127.0.0.1, and
// is gone when Run returns.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Options says how the demonstration runs. Out is required.
type Options struct {
	Out      io.Writer
	In       io.Reader     // a line from here applies the suggestions while the page is shown; nil: nobody is asked
	Once     bool          // apply the suggestions and see them accepted, instead of showing the page
	Listen   string        // where the page is; "" is 127.0.0.1:8180, or the next free port
	Version  string        // of the program
	Patience time.Duration // for each step; 0 is 30 s
}

// Run shows the way of a pull request through the App. With Once it returns nil only if the App's own suggestions
// make its next review a success; otherwise it serves the page until ctx ends. An error says which step failed.
func Run(ctx context.Context, opts Options) (err error) {
	if opts.Patience == 0 {
		opts.Patience = 30 * time.Second
	}
	dir, err := os.MkdirTemp("", "kms-review-demo-")
	if err != nil {
		return fmt.Errorf("make a directory for the demo: %w", err)
	}
	d := &demo{opts: opts, dir: dir, log: &tail{limit: 40}}
	defer func() {
		d.close()
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	err = d.run(ctx)
	if ctx.Err() != nil && !opts.Once {
		return nil // Ctrl-C is how the page is left
	}
	if err != nil {
		d.explain()
	}
	return err
}

// run is the story. Each step prints what happened.
func (d *demo) run(ctx context.Context) error {
	d.say("", "KMS Review: the real App, with a GitHub that runs on this machine.\n")
	steps := []func(context.Context) error{d.startGitHub, d.startPage, d.startApp, d.createRepository, d.openPull, d.firstReview}
	if d.opts.Once {
		steps = append(steps, d.applySuggestions, d.secondReview, d.recheck)
	} else {
		steps = append(steps, d.show)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// say prints one line of the story under its subject.
func (d *demo) say(subject, format string, args ...any) {
	if subject != "" {
		subject = fmt.Sprintf("%-14s", subject)
	}
	_, _ = fmt.Fprintf(d.opts.Out, subject+format+"\n", args...) // nobody reads any more
}

// more continues the line above.
func (d *demo) more(format string, args ...any) { d.say(" ", format, args...) }

// explain prints the App's log after a failure: it says why a step did not happen.
func (d *demo) explain() {
	lines := d.log.lines()
	if len(lines) == 0 {
		return
	}
	d.say("", "\nThe App's log, as far as it warns:")
	for _, line := range lines {
		d.say("", "  %s", line)
	}
}

// logger keeps the App's warnings for explain. In the story itself they would only disturb.
func (d *demo) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
