package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxOutput bounds what one git command may say; a diff beyond it is no change that somebody reviews.
const maxOutput = 256 << 20

// maxTime bounds one git command: a configuration file that includes a pipe would keep it waiting for ever.
const maxTime = 5 * time.Minute

// command runs git in one directory with an environment in which a repository cannot make it run anything else.
type command struct {
	path string
	dir  string
	env  []string
}

func newCommand(dir string) (command, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return command{}, errors.New("git was not found in PATH: install git, or use: kms-review scan")
	}
	c := command{path: path, dir: dir}
	c.env = append(inheritedEnvironment(os.Environ()),
		"LC_ALL=C",                // messages are matched
		"GIT_OPTIONAL_LOCKS=0",    // no refreshed index is written
		"GIT_TERMINAL_PROMPT=0",   // nothing waits for an answer
		"GIT_LITERAL_PATHSPECS=1", // a file may be named ":(exclude)*"
		// A partial clone fetches what it lacks through the transport that its configuration names, which may be a
		// command (ext::, core.sshCommand, remote.*.uploadpack): https://git-scm.com/docs/git#_environment_variables
		"GIT_ALLOW_PROTOCOL=none",
		"GIT_NO_LAZY_FETCH=1",
	)
	return c.configured(map[string]string{
		"core.fsmonitor":          "false", // may be a command
		"core.hooksPath":          os.DevNull,
		"core.untrackedCache":     "false",
		"core.splitIndex":         "false", // its shared part would be written beside the repository's index
		"core.pager":              "cat",
		"diff.external":           "",
		"diff.suppressBlankEmpty": "false",
		"submodule.recurse":       "false",
	}), nil
}

// inheritedEnvironment drops git's own variables: within a hook they point at another repository, index or diff
// program. What says where the user's configuration is stays, for safe.directory stands there.
func inheritedEnvironment(environ []string) []string {
	var kept []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "GIT_CONFIG_") || name == "GIT_CEILING_DIRECTORIES" {
			kept = append(kept, variable)
		}
	}
	return kept
}

// configured adds settings that win over every configuration file. They go through the environment, because the
// name of a filter may hold the "=" at which -c would cut.
func (c command) configured(settings map[string]string) command {
	const counter = "GIT_CONFIG_COUNT="
	env, count := []string{}, 0
	for _, variable := range c.env {
		if value, ok := strings.CutPrefix(variable, counter); ok {
			count, _ = strconv.Atoi(value)
			continue
		}
		env = append(env, variable)
	}
	for name, value := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", count, name), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, value))
		count++
	}
	c.env = append(env, counter+strconv.Itoa(count))
	return c
}

func (c command) with(variables ...string) command {
	c.env = append(c.env[:len(c.env):len(c.env)], variables...)
	return c
}

func (c command) prepare(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	cmd.WaitDelay = 5 * time.Second // a grandchild that keeps the pipe open must not hang us
	return cmd
}

// output runs git to its end and returns what it printed.
func (c command) output(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	cmd := c.prepare(ctx, args...)
	stdout, stderr := limited{max: maxOutput}, limited{max: 16 << 10}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	switch {
	case err == nil:
		return stdout.Bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("git %s was ended: %w", args[0], ctx.Err())
	case stdout.full:
		return nil, fmt.Errorf("git %s printed more than %d MB: compare revisions that are nearer to each other", args[0], maxOutput>>20)
	}
	return stdout.Bytes(), &failure{command: args[0], message: complaint(stderr.Bytes()), err: err}
}

// line runs git and returns its one line of output.
func (c command) line(ctx context.Context, args ...string) (string, error) {
	out, err := c.output(ctx, nil, args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// failure is a git command that ended with an error.
type failure struct {
	command string
	message string // git's own words, on one line
	err     error
}

func (f *failure) Error() string {
	if f.message == "" {
		return fmt.Sprintf("git %s: %v", f.command, f.err)
	}
	return fmt.Sprintf("git %s: %s", f.command, f.message)
}

func (f *failure) Unwrap() error { return f.err }

// saidNo tells git's answer "no" (there is none, it differs), which is its exit code 1, from a failure.
func saidNo(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == 1
}

// complaint is the line of git's error output that says what is wrong, without control characters: names in it come
// from the repository and go to a terminal.
func complaint(stderr []byte) string {
	chosen := ""
	for line := range strings.Lines(string(stderr)) {
		line = strings.TrimSpace(line)
		if text, fatal := strings.CutPrefix(line, "fatal: "); fatal {
			chosen = text
			break
		}
		if chosen == "" {
			chosen = line
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, chosen)
}

// limited is a buffer that refuses to grow beyond max.
type limited struct {
	bytes.Buffer
	max  int
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.max {
		l.full = true
		return 0, errors.New("too much output")
	}
	return l.Buffer.Write(p)
}
