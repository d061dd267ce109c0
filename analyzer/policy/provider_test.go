package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

var regenerate = flag.Bool("regenerate", false, "ask terraform and the provider in KMS_REVIEW_TERRAFORM_PLUGINS what the cases of testdata/provider give")

// TestProvider holds every aws_iam_policy_document of testdata/provider/*.txtar against what the provider itself
// made of it. Each directory of an archive is a configuration; its want/ADDRESS files hold the provider's JSON, or
// its want/error that Terraform refuses it. What we do not know of them is in undecided.golden.
func TestProvider(t *testing.T) {
	t.Parallel()
	if *regenerate {
		askProvider(t)
	}
	var tally struct{ same, reordered, refused int }
	var undecided []string
	for _, c := range providerCases(t) {
		resolver, documents := c.documents(t)
		if _, refused := c.want["error"]; refused {
			if !slices.ContainsFunc(documents, func(r *terraform.Resource) bool { d := resolver.data(r); return d.Invalid() }) {
				t.Errorf("%s: Terraform refuses it: %s", c.name, c.want["error"])
			}
			tally.refused++
			continue
		}
		seen := 0
		for _, r := range documents {
			d := resolver.data(r)
			got, ok := d.JSON()
			for _, address := range instances(r) {
				seen++
				want, answered := c.want[address]
				switch {
				case !answered:
					t.Errorf("%s: the provider knows no %s", c.name, address)
				case !ok && d.Open && !d.Invalid():
					undecided = append(undecided, fmt.Sprintf("%s %s: %s", c.name, address, d.Reason))
				case !ok:
					t.Errorf("%s: %s is not rendered: %v", c.name, address, d.Faults)
				case cmp.Equal(normal(t, want, false), normal(t, got, false)):
					tally.same++
				case cmp.Equal(normal(t, want, true), normal(t, got, true)):
					tally.reordered++
				default:
					t.Errorf("%s: %s (-want +got):\n%s", c.name, address, cmp.Diff(normal(t, want, true), normal(t, got, true)))
				}
			}
		}
		if seen != len(c.want) {
			t.Errorf("%s: the provider knows %d documents, we %d", c.name, len(c.want), seen)
		}
	}
	golden(t, "testdata/provider/undecided.golden", strings.Join(undecided, "\n")+"\n")
	t.Logf("%d documents equal, %d equal but for the order of joined blocks, %d refused by both", tally.same, tally.reordered, tally.refused)
	if tally.same+tally.reordered < 80 {
		t.Error("there are too few cases")
	}
}

// golden holds text against a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		write(t, name, got)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// normal decodes JSON. A single text is a list of one. The order of a list counts, unless it was joined of several
// blocks: those come in the order of hashes.
func normal(t *testing.T, text string, sorted bool) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	document, _ := v.(map[string]any)
	statements, _ := document["Statement"].([]any)
	for _, statement := range statements {
		members, _ := statement.(map[string]any)
		for name, element := range members {
			if name != "Sid" && name != "Effect" {
				members[name] = lists(element, sorted && (name == "Condition" || strings.HasSuffix(name, "Principal")))
			}
		}
	}
	return v
}

func lists(v any, sorted bool) any {
	switch v := v.(type) {
	case string:
		return []any{v}
	case []any:
		if sorted {
			slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	case map[string]any:
		for name, element := range v {
			v[name] = lists(element, sorted)
		}
	}
	return v
}

// instanceKey splits the keys of one module above from a resource's own.
var instanceKey = regexp.MustCompile(`^(module\.\w+(?:\[[^\]]*\])?)?(.*)$`)

func instances(r *terraform.Resource) []string {
	if len(r.Instances) == 0 {
		return []string{r.Address}
	}
	var all []string
	for _, key := range r.Instances {
		address := r.Address
		above := instanceKey.FindStringSubmatch(key)
		if above[1] != "" {
			address = above[1] + strings.TrimPrefix(address, r.Scope.Path)
		}
		all = append(all, address+above[2])
	}
	return all
}

// providerCase is one configuration and what the provider makes of it.
type providerCase struct {
	archive, dir, name string
	files              map[string]string
	want               map[string]string // by address
}

func providerCases(t *testing.T) []*providerCase {
	t.Helper()
	return casesOf(t, "testdata/provider/*.txtar")
}

func casesOf(t *testing.T, pattern string) []*providerCase {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var cases []*providerCase
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		byDir := map[string]*providerCase{}
		for _, f := range archive.Files {
			dir, file, _ := strings.Cut(f.Name, "/")
			c := byDir[dir]
			if c == nil {
				c = &providerCase{archive: name, dir: dir, name: path.Base(name) + "/" + dir, files: map[string]string{}, want: map[string]string{}}
				byDir[dir] = c
				cases = append(cases, c)
			}
			if address, ok := strings.CutPrefix(file, "want/"); ok {
				c.want[address] = string(f.Data)
			} else {
				c.files[file] = string(f.Data)
			}
		}
	}
	return cases
}

func (c *providerCase) documents(t *testing.T) (*Resolver, []*terraform.Resource) {
	t.Helper()
	config := load(t, c.files)
	var found []*terraform.Resource
	for _, scope := range config.Scopes() {
		for _, r := range scope.Resources(nil) {
			if r.Kind == "data" {
				found = append(found, r)
			}
		}
	}
	return NewResolver(config), found
}

func load(t testing.TB, files map[string]string) *terraform.Configuration {
	t.Helper()
	fsys := fstest.MapFS{}
	dirs := map[string]bool{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		dirs[path.Dir(name)] = true
	}
	config, err := terraform.Load(context.Background(), fsys, slices.Sorted(maps.Keys(dirs)), terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// askProvider lets Terraform plan all cases together, each as a module, so that the provider starts once. What it
// refuses is taken out and the rest tried again.
func askProvider(t *testing.T) {
	t.Helper()
	plugins := os.Getenv("KMS_REVIEW_TERRAFORM_PLUGINS")
	if plugins == "" {
		t.Fatal("KMS_REVIEW_TERRAFORM_PLUGINS names no directory with the provider")
	}
	writeGenerated(t)
	cases := providerCases(t)
	ask(t, plugins, cases, func(dir string) { configure(t, dir, cases) })
}

// ask plans what configure writes, until Terraform refuses no case any more, and keeps the answers.
func ask(t *testing.T, plugins string, cases []*providerCase, configure func(dir string)) {
	t.Helper()
	dir := t.TempDir()
	for _, c := range cases {
		c.want = map[string]string{}
	}
	for range 10 {
		configure(dir)
		terraformIn(t, dir, "init", "-input=false", "-plugin-dir="+plugins)
		out, ok := terraformIn(t, dir, "plan", "-input=false", "-json", "-out=plan")
		if ok {
			shown, _ := terraformIn(t, dir, "show", "-json", "plan")
			collect(t, shown, cases)
			break
		}
		if !refusals(t, out, cases) {
			t.Fatalf("terraform plan: %s", out)
		}
	}
	save(t, cases)
}

const providerBlock = `provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "dummy"
  secret_key                  = "dummy"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
`

func module(i int) string { return fmt.Sprintf("case_%d", i) }

func configure(t *testing.T, dir string, cases []*providerCase) {
	t.Helper()
	root := "terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = \"5.100.0\"\n    }\n  }\n}\n" + providerBlock
	for i, c := range cases {
		if _, refused := c.want["error"]; refused {
			continue
		}
		root += fmt.Sprintf("module %q {\n  source = \"./%s\"\n}\n", module(i), module(i))
		for name, text := range c.files {
			write(t, filepath.Join(dir, module(i), name), text)
		}
	}
	write(t, filepath.Join(dir, "main.tf"), root)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func terraformIn(t *testing.T, dir string, args ...string) (stdout []byte, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "terraform", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && args[0] != "plan" {
		t.Fatalf("terraform %s: %v\n%s%s", args[0], err, out.String(), errs.String())
	}
	return out.Bytes(), err == nil
}

// refusals notes which cases the errors of a plan are about.
func refusals(t *testing.T, out []byte, cases []*providerCase) (found bool) {
	t.Helper()
	for line := range bytes.Lines(out) {
		var message struct {
			Level      string `json:"@level"`
			Diagnostic struct {
				Summary string
				Detail  string
				Address string
				Range   struct{ Filename string }
			}
		}
		if err := json.Unmarshal(line, &message); err != nil || message.Level != "error" {
			continue
		}
		for i, c := range cases {
			about := message.Diagnostic.Address + "/" + message.Diagnostic.Range.Filename
			if strings.Contains(about+".", "module."+module(i)+".") || strings.Contains(about, module(i)+"/") {
				c.want["error"] = strings.TrimSpace(message.Diagnostic.Summary+". "+message.Diagnostic.Detail) + "\n"
				found = true
			}
		}
	}
	return found
}

type shownModule struct {
	Resources []struct {
		Address string
		Values  struct{ JSON string }
	}
	Children []shownModule `json:"child_modules"`
}

func collect(t *testing.T, shown []byte, cases []*providerCase) {
	t.Helper()
	var plan struct {
		PriorState struct {
			Values struct {
				Root shownModule `json:"root_module"`
			}
		} `json:"prior_state"`
	}
	if err := json.Unmarshal(shown, &plan); err != nil {
		t.Fatal(err)
	}
	var walk func(shownModule)
	walk = func(m shownModule) {
		for _, r := range m.Resources {
			for i, c := range cases {
				if address, ok := strings.CutPrefix(r.Address, "module."+module(i)+"."); ok {
					c.want[address] = compact(t, r.Values.JSON)
				}
			}
		}
		for _, child := range m.Children {
			walk(child)
		}
	}
	walk(plan.PriorState.Values.Root)
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n"
}

func save(t *testing.T, cases []*providerCase) {
	t.Helper()
	archives := map[string]*txtar.Archive{}
	for _, c := range cases {
		a := archives[c.archive]
		if a == nil {
			old, err := txtar.ParseFile(c.archive)
			if err != nil {
				t.Fatal(err)
			}
			a = &txtar.Archive{Comment: old.Comment}
			archives[c.archive] = a
		}
		for _, part := range []struct {
			prefix string
			files  map[string]string
		}{{"", c.files}, {"want/", c.want}} {
			for _, name := range slices.Sorted(maps.Keys(part.files)) {
				a.Files = append(a.Files, txtar.File{Name: c.dir + "/" + part.prefix + name, Data: []byte(part.files[name])})
			}
		}
	}
	for name, a := range archives {
		if err := os.WriteFile(name, txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
