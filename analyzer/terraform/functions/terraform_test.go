package functions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// declarations are what the expressions refer to: values that a plan does not know, and templates.
const declarations = `
resource "terraform_data" "x" {
  input = "a"
}
locals {
  unknown_string = terraform_data.x.id
  unknown_number = tonumber(terraform_data.x.output)
  unknown_bool   = tobool(terraform_data.x.output)
  unknown_list   = split(",", terraform_data.x.output)
  unknown_map    = tomap(jsondecode(terraform_data.x.output))
  unknown_set    = toset(jsondecode(terraform_data.x.output))
  unknown_any    = jsondecode(terraform_data.x.output)
  template         = "Hello, $${name}!"
  bare_template    = "$${x}"
  broken_template  = "$${name"
  reading_template = "$${file(\"../hello.txt\")}"
  nesting_template = "$${templatestring(x, {})}"
  object = { template = "$${name}" }
  list   = ["$${name}"]
  zero   = 0
  number = 5
  null   = null
}
`

const (
	chunk    = 50 // outputs in a plan, whose time grows with their cube
	planTime = time.Minute
)

// ask lets terraform plan configurations with an output for each expression.
func ask(t *testing.T, expressions []string) []answer {
	t.Helper()
	binary, err := exec.LookPath("terraform")
	if err != nil {
		t.Fatalf("to ask terraform again, it must be installed: %v", err)
	}
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/files")); err != nil {
		t.Fatal(err)
	}
	tf := terraform{binary: binary, root: root, dir: filepath.Join(root, "root")}
	configure(t, tf.dir, nil, nil)
	tf.run(t, "init", "-backend=false", "-input=false")
	var out []answer
	for part := range slices.Chunk(expressions, chunk) {
		out = append(out, tf.plan(t, part)...)
	}
	return out
}

type terraform struct{ binary, root, dir string }

func (tf terraform) run(t *testing.T, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), planTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, tf.binary, args...)
	cmd.Dir = tf.dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("terraform %s: %v", args[0], err)
	}
	return out
}

// infinity is what a plan cannot hold: whether a function gives it, a comparison around it tells.
var infinity = regexp.MustCompile(`output value\s+"e([0-9]+)":\s+cannot\s+serialize\s+infinity`)

// plan plans some expressions. Those that fail say so in the plan's diagnostics, and are left out of the next plan,
// until one succeeds.
func (tf terraform) plan(t *testing.T, expressions []string) []answer {
	t.Helper()
	failed, unplannable := map[string]bool{}, map[string]bool{}
	for range 10 {
		lines := configure(t, tf.dir, expressions, failed)
		before := len(failed)
		for _, d := range diagnostics(t, tf.run(t, "plan", "-json", "-input=false", "-out=plan")) {
			if d.Severity != "error" {
				continue
			}
			if infinite := infinity.FindAllStringSubmatch(d.Detail, -1); infinite != nil {
				for _, m := range infinite {
					i, _ := strconv.Atoi(m[1])
					failed[expressions[i]], unplannable[expressions[i]] = true, true
				}
				continue
			}
			expr, ok := lines[d.Range.Start.Line]
			if !ok {
				t.Fatalf("terraform: %s: %s", d.Summary, d.Detail)
			}
			failed[expr] = true
		}
		if len(failed) == before {
			answers := collect(t, tf.root, expressions, failed, tf.run(t, "show", "-json", "plan"))
			return slices.DeleteFunc(answers, func(a answer) bool { return unplannable[a.Expr] })
		}
	}
	t.Fatal("terraform finds ever more errors")
	return nil
}

// configure writes the configuration, and tells which expression stands in which line.
func configure(t *testing.T, dir string, expressions []string, failed map[string]bool) map[int]string {
	t.Helper()
	var b strings.Builder
	b.WriteString(declarations)
	line := strings.Count(declarations, "\n") + 1
	lines := map[int]string{}
	for i, expr := range expressions {
		if failed[expr] {
			continue
		}
		fmt.Fprintf(&b, "output \"e%d\" {\n  sensitive = true\n  value = [%s]\n}\n", i, expr)
		lines[line+2] = expr
		line += 4
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return lines
}

type diagnostic struct {
	Severity, Summary, Detail string
	Range                     struct{ Start struct{ Line int } }
}

func diagnostics(t *testing.T, log []byte) []diagnostic {
	t.Helper()
	var out []diagnostic
	for line := range strings.Lines(string(log)) {
		var entry struct{ Diagnostic *diagnostic }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if entry.Diagnostic != nil {
			out = append(out, *entry.Diagnostic)
		}
	}
	return out
}

func collect(t *testing.T, root string, expressions []string, failed map[string]bool, plan []byte) []answer {
	t.Helper()
	var shown struct {
		Planned struct {
			Outputs map[string]struct{ Type json.RawMessage }
		} `json:"planned_values"`
		Changes map[string]struct {
			After   json.RawMessage
			Unknown json.RawMessage `json:"after_unknown"`
		} `json:"output_changes"`
	}
	if err := json.Unmarshal(plan, &shown); err != nil {
		t.Fatal(err)
	}
	var out []answer
	for i, expr := range expressions {
		a := answer{Expr: expr, Error: failed[expr]}
		if !a.Error {
			name := fmt.Sprintf("e%d", i)
			change, ok := shown.Changes[name]
			if !ok {
				t.Fatalf("%s: the plan has no output %s", expr, name)
			}
			merged := merged(decode(t, change.After), decode(t, change.Unknown))
			a.Value = encode(t, merged.([]any)[0])
			if ty := shown.Planned.Outputs[name].Type; ty != nil {
				a.Type = encode(t, decode(t, ty).([]any)[1].([]any)[0])
			}
			if strings.HasPrefix(expr, "plantimestamp") || strings.Contains(string(a.Value), root) {
				a = answer{Expr: expr, Varies: true}
			}
		}
		out = append(out, a)
	}
	return out
}

// merged puts the mark of the unknown where a plan says that a value is.
func merged(after, unknown any) any {
	switch u := unknown.(type) {
	case bool:
		if u {
			return unknownMark
		}
	case []any:
		list, _ := after.([]any)
		for i := range u {
			for len(list) <= i {
				list = append(list, nil)
			}
			list[i] = merged(list[i], u[i])
		}
		return list
	case map[string]any:
		object, _ := after.(map[string]any)
		if object == nil {
			object = map[string]any{}
		}
		for name, part := range u {
			object[name] = merged(object[name], part)
		}
		return object
	}
	return after
}
