package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/commands")

// TestScripts runs the whole program as its users do: each file of testdata/commands is a directory and a list of
// commands, and what they must print.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/commands",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars,
				"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
				"GIT_AUTHOR_NAME=author", "GIT_AUTHOR_EMAIL=author@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
				"GIT_COMMITTER_NAME=author", "GIT_COMMITTER_EMAIL=author@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
			)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"kms-review": func(ts *testscript.TestScript, _ bool, args []string) { runProgram(t.Context(), ts, args) },
			"huge":       writeHuge,
		},
	})
}

// runProgram is `kms-review CODE ARG...`: the program must exit with CODE. It runs inside the test, so paths must be
// given from $WORK.
func runProgram(ctx context.Context, ts *testscript.TestScript, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: kms-review CODE ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var stderr bytes.Buffer
	environment := func(name string) (string, bool) {
		value := ts.Getenv(name)
		return value, value != ""
	}
	code := run(ctx, process{stdin: strings.NewReader(""), stdout: ts.Stdout(), stderr: &stderr, environment: environment}, args[1:])
	_, err = ts.Stderr().Write(stderr.Bytes())
	ts.Check(err)
	if code != want {
		ts.Fatalf("exit code %d, want %d; standard error:\n%s", code, want, stderr.String())
	}
}

// writeHuge is `huge FILE MEGABYTES`: a file of comments.
func writeHuge(ts *testscript.TestScript, _ bool, args []string) {
	megabytes, err := strconv.Atoi(args[1])
	ts.Check(err)
	line := []byte("# thirty-two bytes of a comment\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat(line, megabytes<<20/len(line)), 0o600))
}
