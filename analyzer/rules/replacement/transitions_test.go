package replacement_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/analyzer/kms/services"
)

var regenerate = flag.Bool("regenerate", false, "ask terraform and the provider in KMS_REVIEW_TERRAFORM_PLUGINS what they plan")

// The keys of the transitions.
const (
	oneKey     = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	anotherKey = "arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
)

// described is a resource with a key and encryption switched on, and nothing else than what the provider wants.
type described struct {
	Type   string         `json:"type"`
	Path   string         `json:"path"`   // the argument that changes
	Switch bool           `json:"switch"` // the argument is a switch; else it takes a key
	Body   map[string]any `json:"body"`
}

// transition is one change of one argument.
type transition struct {
	described
	Kind   string         `json:"kind"`
	Before map[string]any `json:"before"` // both sides, of one that is spelled out
	After  map[string]any `json:"after"`
	number int
}

func (tr transition) String() string  { return tr.Type + " " + tr.Path + " " + tr.Kind }
func (tr transition) name() string    { return fmt.Sprintf("r%d", tr.number) }
func (tr transition) address() string { return tr.Type + "." + tr.name() }

// The two sides of each kind.
func (tr transition) before() map[string]any {
	if tr.Before != nil {
		return tr.Before
	}
	switch tr.Kind {
	case "set":
		return tr.with(nil, false)
	case "set with block":
		return tr.with(nil, true)
	case "on":
		return tr.with(tr.off(), false)
	default:
		return tr.Body
	}
}

func (tr transition) after() map[string]any {
	if tr.After != nil {
		return tr.After
	}
	switch tr.Kind {
	case "change":
		return tr.with(anotherKey, false)
	case "unset", "removed":
		return tr.with(nil, false)
	case "unset with block":
		return tr.with(nil, true)
	case "off":
		return tr.with(tr.off(), false)
	default:
		return tr.Body
	}
}

// off is a value of a switch that is off.
func (tr transition) off() any {
	if text, is := map[string]string{"encryption_type": "NONE", "encryption_configuration.encryption_type": "AES256"}[tr.Path]; is {
		return text
	}
	return false
}

// with is the body with another value at the path, or without it, or without the whole block.
func (tr transition) with(value any, block bool) map[string]any {
	text, err := json.Marshal(tr.Body)
	if err != nil {
		panic(err)
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		panic(err)
	}
	path := strings.Split(tr.Path, ".")
	if block {
		path = path[:1]
	}
	inside := body
	for _, name := range path[:len(path)-1] {
		switch inner := inside[name].(type) {
		case []any:
			inside = inner[0].(map[string]any)
		case map[string]any:
			inside = inner
		}
	}
	if value == nil {
		delete(inside, path[len(path)-1])
	} else {
		inside[path[len(path)-1]] = value
	}
	return body
}

// transitions are all kinds of changes of all arguments, and those of testdata/pairs.json.
func transitions(t *testing.T) []transition {
	t.Helper()
	var resources []described
	read(t, "testdata/resources.json", &resources)
	var all []transition
	for _, r := range resources {
		kinds := []string{"change", "set", "unset"}
		switch {
		case r.Switch:
			kinds = []string{"on", "off", "removed", "set"}
		case strings.Contains(r.Path, "."):
			kinds = append(kinds, "set with block", "unset with block")
		}
		for _, kind := range kinds {
			all = append(all, transition{described: r, Kind: kind, number: len(all)})
		}
	}
	var pairs []transition
	read(t, "testdata/pairs.json", &pairs)
	for _, pair := range pairs {
		pair.number = len(all)
		all = append(all, pair)
	}
	return all
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestTable holds the table of services against what the provider plans.
func TestTable(t *testing.T) {
	t.Parallel()
	all := transitions(t)
	if *regenerate {
		askProvider(t, all)
	}
	answers := plans(t)
	types, compared, unsure := map[string]bool{}, 0, 0
	for _, tr := range all {
		answer, asked := answers[tr.String()]
		switch wanted, uncertain := tr.tabled(); {
		case tr.Before != nil: // not of the table
		case !asked:
			t.Errorf("%s: the provider was not asked; run with -regenerate", tr)
		case answer == "refused" || answer == "not to be asked":
		case uncertain:
			unsure++
		case words(wanted) != answer:
			t.Errorf("%s: the table says %q, the provider %q", tr, words(wanted), answer)
		default:
			compared++
			types[tr.Type] = true
		}
	}
	t.Logf("%d transitions of %d types as the table says, %d where the table is not sure", compared, len(types), unsure)
	if len(answers) != len(all) || compared < 800 || len(types) < 160 {
		t.Errorf("%d answers for %d transitions", len(answers), len(all))
	}
}

// tabled is what the table says.
func (tr transition) tabled() (plan services.Plan, uncertain bool) {
	if tr.Switch {
		s, _ := services.SwitchOf(tr.Type, tr.Path)
		return map[string]services.Plan{"on": s.On, "off": s.Off, "removed": s.Removed, "set": s.Set}[tr.Kind], s.Uncertain
	}
	for _, row := range services.Of(tr.Type) {
		if row.Path == tr.Path {
			return map[string]services.Plan{
				"change": row.Change, "set": row.Set, "unset": row.Unset, "set with block": row.BlockSet, "unset with block": row.BlockUnset,
			}[tr.Kind], row.Uncertain
		}
	}
	return services.Unknown, false
}

func words(plan services.Plan) string {
	return map[services.Plan]string{
		services.NoOp: "no-op", services.InPlace: "in place", services.Replace: "replace",
		services.EngineDecides: "in place", // the domains here have a new engine
	}[plan]
}
