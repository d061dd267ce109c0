package replacement_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// askProvider completes testdata/plans.golden: what the provider in KMS_REVIEW_TERRAFORM_PLUGINS, a directory as `terraform
// providers mirror` makes it, plans for each transition that has no answer yet; without the file, for all of them. It works offline: a first plan makes the resources out of their
// configuration, what it says is their state, a second one checks that the state is steady, and a third one has the
// configuration at head.
func askProvider(t *testing.T, all []transition) {
	t.Helper()
	terraform, err := exec.LookPath("terraform")
	plugins := os.Getenv("KMS_REVIEW_TERRAFORM_PLUGINS")
	if err != nil || plugins == "" {
		t.Fatal("-regenerate takes terraform, and KMS_REVIEW_TERRAFORM_PLUGINS")
	}
	answers := plans(t)
	missing := slices.DeleteFunc(slices.Clone(all), func(tr transition) bool { return answers[tr.String()] != "" })
	p := provider{t: t, dir: t.TempDir(), terraform: terraform}
	p.write("main.tf.json", configuration(missing, transition.before))
	p.run("init", "-input=false", "-no-color", "-plugin-dir="+plugins)
	valid := p.valid(p.valid(missing, transition.after), transition.before)
	p.write("terraform.tfstate", stateOf(p.schemas(), valid, p.plan()))
	steady := p.plan()
	p.write("main.tf.json", configuration(valid, transition.after))
	planned := p.plan()
	for _, tr := range missing {
		answers[tr.String()] = planned[tr.address()].words()
		if before := steady[tr.address()].words(); before != "no-op" && before != "refused" {
			answers[tr.String()] = "not to be asked" // a plan that never comes to rest, before anything changes
		}
	}
	var lines strings.Builder
	for _, tr := range all {
		fmt.Fprintf(&lines, "%s: %s\n", tr, answers[tr.String()])
	}
	if err := os.WriteFile("testdata/plans.golden", []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// provider is a directory with a configuration.
type provider struct {
	t              *testing.T
	dir, terraform string
}

func (p provider) write(name string, content any) {
	p.t.Helper()
	text, err := json.Marshal(content)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, name), text, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p provider) run(args ...string) []byte {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("terraform %v: %v\n%.4000s", args, err, out)
	}
	return out
}

func (p provider) try(args ...string) ([]byte, error) {
	command := exec.Command(p.terraform, args...)
	command.Dir = p.dir
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "AWS_EC2_METADATA_DISABLED=true")
	command.Stderr = os.Stderr
	return command.Output()
}

// named finds a resource in what `terraform validate` says.
var named = regexp.MustCompile(`\baws_\w+\.r[0-9]+\b`)

// valid leaves out the transitions with a side that is refused before there is a plan, and with it the whole configuration.
func (p provider) valid(all []transition, side func(transition) map[string]any) []transition {
	p.t.Helper()
	for range 5 {
		p.write("main.tf.json", configuration(all, side))
		out, _ := p.try("validate", "-json")
		var said struct {
			Diagnostics []struct {
				Severity string
				Address  string
				Snippet  struct{ Context string }
			}
		}
		if err := json.Unmarshal(out, &said); err != nil {
			p.t.Fatalf("%v: %.4000s", err, out)
		}
		refused := map[string]bool{}
		for _, d := range said.Diagnostics {
			if d.Severity == "error" {
				refused[named.FindString(d.Address+" "+d.Snippet.Context)] = true
			}
		}
		if len(refused) == 0 {
			return all
		}
		all = slices.DeleteFunc(slices.Clone(all), func(tr transition) bool { return refused[tr.address()] })
	}
	p.t.Fatal("the configuration does not get valid")
	return nil
}

// change is what `terraform show -json` says of a resource.
// https://developer.hashicorp.com/terraform/internals/json-format#change-representation
type change struct {
	Actions   []string       `json:"actions"`
	After     map[string]any `json:"after"`
	Unknown   map[string]any `json:"after_unknown"`
	Sensitive any            `json:"after_sensitive"`
}

func (c change) words() string {
	switch {
	case len(c.Actions) == 2:
		return "replace"
	case len(c.Actions) == 0, c.Actions[0] == "create":
		return "refused" // or the base was, so that there is no state
	case c.Actions[0] == "update":
		return "in place"
	default:
		return c.Actions[0]
	}
}

// plan is what Terraform plans for each address. What the provider refuses is left out: a plan with errors has all others.
func (p provider) plan() map[string]change {
	p.t.Helper()
	out, err := p.try("plan", "-refresh=false", "-input=false", "-out=plan", "-json")
	for line := range strings.Lines(string(out)) {
		if err != nil && strings.Contains(line, `"@level":"error"`) {
			p.t.Logf("%.300s", line)
		}
	}
	var shown struct {
		Changes []struct {
			Address string `json:"address"`
			Change  change `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(p.run("show", "-json", "plan"), &shown); err != nil {
		p.t.Fatal(err)
	}
	planned := map[string]change{}
	for _, c := range shown.Changes {
		planned[c.Address] = c.Change
	}
	return planned
}

// schema is that of a resource type, as `terraform providers schema -json` writes it.
// https://developer.hashicorp.com/terraform/cli/commands/providers/schema
type schema struct {
	Version int `json:"version"`
	Block   struct {
		Attributes map[string]struct {
			Type json.RawMessage `json:"type"`
		} `json:"attributes"`
		Blocks map[string]any `json:"block_types"`
	} `json:"block"`
}

func (p provider) schemas() map[string]schema {
	p.t.Helper()
	var read struct {
		Providers map[string]struct {
			Resources map[string]schema `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(p.run("providers", "schema", "-json"), &read); err != nil {
		p.t.Fatal(err)
	}
	return read.Providers["registry.terraform.io/hashicorp/aws"].Resources
}

// configuration is one side of the transitions as Terraform's JSON.
func configuration(all []transition, side func(transition) map[string]any) map[string]any {
	resources := map[string]map[string]any{}
	for _, tr := range all {
		if resources[tr.Type] == nil {
			resources[tr.Type] = map[string]any{}
		}
		resources[tr.Type][tr.name()] = side(tr)
	}
	return map[string]any{
		"terraform": map[string]any{"required_providers": map[string]any{"aws": map[string]any{"source": "hashicorp/aws", "version": "5.100.0"}}},
		"provider": map[string]any{"aws": map[string]any{
			"region": "eu-west-1", "access_key": "none", "secret_key": "none", "skip_credentials_validation": true,
			"skip_requesting_account_id": true, "skip_metadata_api_check": true, "skip_region_validation": true, "max_retries": 1,
			"default_tags": map[string]any{"tags": map[string]any{"of": "all"}}, // without any, tags_all is unknown for ever
		}},
		"resource": resources,
	}
}

// stateOf is the state after the creation of resources: what was planned, an id and an ARN, and empty collections. What
// else AWS fills stays null, as it is where a provider's version did not know of it yet.
func stateOf(schemas map[string]schema, all []transition, planned map[string]change) map[string]any {
	resources := []any{}
	for _, tr := range all {
		c := planned[tr.address()]
		if c.After == nil {
			continue
		}
		after := maps.Clone(c.After)
		for name, text := range map[string]string{"id": "id-" + tr.name(), "arn": "arn:aws:x:eu-west-1:111122223333:y/" + tr.name()} {
			if after[name] == nil {
				after[name] = text
			}
		}
		for name := range c.Unknown {
			if after[name] == nil {
				after[name] = schemas[tr.Type].empty(name)
			}
		}
		resources = append(resources, map[string]any{
			"mode": "managed", "type": tr.Type, "name": tr.name(), "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
			"instances": []any{map[string]any{
				"schema_version": schemas[tr.Type].Version, "attributes": after, "sensitive_attributes": sensitive(c.Sensitive, nil, [][]any{}),
			}},
		})
	}
	return map[string]any{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "transitions", "resources": resources}
}

// empty is what an argument that only AWS knows has in the state: a null list would be unknown in each plan.
func (s schema) empty(name string) any {
	switch typ := string(s.Block.Attributes[name].Type); {
	case strings.HasPrefix(typ, `["map"`):
		return map[string]any{}
	case strings.HasPrefix(typ, `["list"`), strings.HasPrefix(typ, `["set"`), s.Block.Blocks[name] != nil:
		return []any{}
	}
	return nil
}

// sensitive lists the paths that a plan marks as sensitive, as a state writes them.
func sensitive(marks any, path []any, all [][]any) [][]any {
	switch marks := marks.(type) {
	case bool:
		if marks {
			all = append(all, slices.Clone(path))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(marks)) {
			all = sensitive(marks[name], append(slices.Clone(path), map[string]any{"type": "get_attr", "value": name}), all)
		}
	case []any:
		for i, mark := range marks {
			step := map[string]any{"type": "index", "value": map[string]any{"value": i, "type": "number"}}
			all = sensitive(mark, append(slices.Clone(path), step), all)
		}
	}
	return all
}

// plans reads testdata/plans.golden.
func plans(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/plans.golden")
	if err != nil && !*regenerate {
		t.Fatal(err)
	}
	read := map[string]string{}
	for line := range strings.Lines(string(text)) {
		at := strings.LastIndex(line, ": ")
		name, plan := line[:max(at, 0)], strings.TrimSpace(line[at+1:])
		if _, twice := read[name]; twice || !slices.Contains([]string{"replace", "in place", "no-op", "refused", "not to be asked"}, plan) {
			t.Errorf("testdata/plans.golden: %s", line)
		}
		read[name] = plan
	}
	return read
}
