package functions_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

const (
	answersFile   = "testdata/console.jsonl"
	undecidedFile = "testdata/undecided.golden"
	// maxUndecided is the share of Terraform's answers that may be unknown to us.
	maxUndecided = 0.02
)

var (
	regenerate = flag.Bool("regenerate", false, "ask the terraform on this machine again, and write "+answersFile)
	update     = flag.Bool("update", false, "write "+undecidedFile)
)

// answer is what Terraform gives for an expression: an error, or a value in which "<unknown>" stands for what it
// does not know. Type is there where all of the value is known.
type answer struct {
	Expr   string          `json:"expr"`
	Error  bool            `json:"error,omitempty"`
	Varies bool            `json:"varies,omitempty"` // with the machine or the time
	Type   json.RawMessage `json:"type,omitempty"`
	Value  json.RawMessage `json:"value,omitempty"`
}

const unknownMark = "<unknown>"

// TestConsole compares with what Terraform 1.11 said. Every difference is an error, save that a value may be
// unknown to us; which ones are is written down.
func TestConsole(t *testing.T) {
	t.Parallel()
	if *regenerate {
		write(t, ask(t, expressions(t)))
	}
	answers := read(t)
	ctx := scope(t)
	var undecided []string
	equal := 0
	for _, want := range answers {
		got := ours(t, ctx, want.Expr)
		switch {
		case want.Varies && string(got.Value) == `"`+unknownMark+`"`, !want.Varies && same(got, want):
			equal++
		case string(got.Value) == `"`+unknownMark+`"`:
			undecided = append(undecided, want.Expr)
		default:
			t.Errorf("%s\n got %s\nwant %s", want.Expr, shown(got), shown(want))
		}
	}
	share := float64(len(undecided)) / float64(len(answers))
	t.Logf("%d expressions: %d equal, %d unknown to us (%.1f %%)", len(answers), equal, len(undecided), 100*share)
	if share > maxUndecided {
		t.Errorf("%.1f %% are unknown to us, more than %.1f %%", 100*share, 100*maxUndecided)
	}
	golden(t, undecidedFile, strings.Join(undecided, "\n")+"\n")
}

// TestEveryFunctionIsAsked keeps a function from being added without an expression that tries it.
func TestEveryFunctionIsAsked(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, a := range read(t) {
		name, _, _ := strings.Cut(a.Expr, "(")
		asked[name] = true
	}
	for name := range functions.Table(functions.Files{}) {
		if !strings.Contains(name, "::") && !asked[name] {
			t.Errorf("no expression calls %s", name)
		}
	}
}

func same(got, want answer) bool {
	return got.Error == want.Error && bytes.Equal(got.Value, want.Value) && (want.Type == nil || bytes.Equal(got.Type, want.Type))
}

func shown(a answer) string {
	switch {
	case a.Error:
		return "an error"
	case a.Varies:
		return "a value that varies"
	default:
		return fmt.Sprintf("%s of type %s", a.Value, a.Type)
	}
}

// scope is what regenerating declares in Terraform's configuration.
func scope(t *testing.T) *hcl.EvalContext {
	t.Helper()
	text := cty.UnknownVal(cty.String).RefineNotNull()
	return &hcl.EvalContext{
		Functions: functions.Table(functions.Files{FS: os.DirFS("testdata/files"), Dir: "root"}),
		Variables: map[string]cty.Value{
			"local": cty.ObjectVal(map[string]cty.Value{
				"unknown_string":   text,
				"unknown_number":   cty.UnknownVal(cty.Number),
				"unknown_bool":     cty.UnknownVal(cty.Bool),
				"unknown_list":     cty.UnknownVal(cty.List(cty.String)).RefineNotNull(),
				"unknown_map":      cty.UnknownVal(cty.Map(cty.DynamicPseudoType)),
				"unknown_set":      cty.UnknownVal(cty.Set(cty.DynamicPseudoType)),
				"unknown_any":      cty.DynamicVal,
				"template":         cty.StringVal("Hello, ${name}!"),
				"bare_template":    cty.StringVal("${x}"),
				"broken_template":  cty.StringVal("${name"),
				"reading_template": cty.StringVal("${file(\"../hello.txt\")}"),
				"nesting_template": cty.StringVal("${templatestring(x, {})}"),
				"object":           cty.ObjectVal(map[string]cty.Value{"template": cty.StringVal("${name}")}),
				"list":             cty.TupleVal([]cty.Value{cty.StringVal("${name}")}),
				"zero":             cty.Zero,
				"number":           cty.NumberIntVal(5),
				"null":             cty.NullVal(cty.DynamicPseudoType),
			}),
		},
	}
}

func ours(t *testing.T, ctx *hcl.EvalContext, text string) answer {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "expression", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	value, diags := expr.Value(ctx)
	if diags.HasErrors() {
		return answer{Expr: text, Error: true}
	}
	value, _ = value.UnmarkDeep()
	a := answer{Expr: text, Value: encode(t, plain(t, value))}
	if value.IsWhollyKnown() {
		ty, err := ctyjson.MarshalType(value.Type())
		if err != nil {
			t.Fatal(err)
		}
		a.Type = canonical(t, ty)
	}
	return a
}

// plain is a value as JSON would hold it.
func plain(t *testing.T, v cty.Value) any {
	t.Helper()
	switch {
	case !v.IsKnown():
		return unknownMark
	case v.IsNull():
		return nil
	case v.Type().IsObjectType() || v.Type().IsMapType():
		out := map[string]any{}
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			out[key.AsString()] = plain(t, element)
		}
		return out
	case v.CanIterateElements():
		out := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			out = append(out, plain(t, element))
		}
		return out
	default:
		text, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			t.Fatal(err)
		}
		if string(text) == "-0" {
			return json.Number("0") // as a plan has it
		}
		return decode(t, text)
	}
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func canonical(t *testing.T, text []byte) json.RawMessage {
	t.Helper()
	return encode(t, decode(t, text))
}

func read(t *testing.T) []answer {
	t.Helper()
	text, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []answer
	for line := range bytes.Lines(text) {
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

func write(t *testing.T, answers []answer) {
	t.Helper()
	var b bytes.Buffer
	for _, a := range answers {
		b.Write(encode(t, a))
		b.WriteByte('\n')
	}
	if err := os.WriteFile(answersFile, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update || *regenerate {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is out of date (-update writes it); now:\n%s", name, got)
	}
}

// kinds of values that take each argument's place in turn.
var kinds = []string{
	"null", "tostring(null)", "local.unknown_any", "local.unknown_string", "local.unknown_number", "local.unknown_list",
	"local.unknown_map", "[local.unknown_string, \"b\"]", "toset([local.unknown_string, \"b\"])", "{a = local.unknown_string}",
	"true", "\"a\"", "\"\"", "1.5", "-1", "0", "[]", "{}", "[\"b\", \"a\"]", "tolist([])", "tolist([\"b\", null])",
	"toset([\"a\"])", "{a = \"b\"}", "tomap({a = \"b\"})", "tomap({})", "[[\"a\"]]",
}

// expressions are the typical ones, and those generated from the first call of each function.
func expressions(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/typical.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		out = append(out, line)
		expr, diags := hclsyntax.ParseExpression([]byte(line), "typical.txt", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %s", line, diags)
		}
		call, ok := expr.(*hclsyntax.FunctionCallExpr)
		if !ok || seen[call.Name] || strings.Contains(call.Name, "::") {
			continue
		}
		seen[call.Name] = true
		out = append(out, variants(line, call)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func variants(line string, call *hclsyntax.FunctionCallExpr) []string {
	var out []string
	for i, arg := range call.Args {
		r := arg.Range()
		before, after := line[:r.Start.Byte], line[r.End.Byte:]
		for _, kind := range kinds {
			out = append(out, before+kind+after)
		}
		out = append(out, "issensitive("+before+"sensitive("+line[r.Start.Byte:r.End.Byte]+")"+after+")")
		if i == len(call.Args)-1 {
			out = append(out, before+line[r.Start.Byte:r.End.Byte]+", null)", before+line[r.Start.Byte:r.End.Byte]+", \"more\")")
		}
	}
	return append(out, call.Name+"()")
}
