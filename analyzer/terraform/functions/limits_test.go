package functions_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// evaluate gives a value, or the error that Terraform's user would see. A limit is told from other errors.
func evaluate(text string, table functions.Files, variables map[string]cty.Value) (cty.Value, error) {
	expr, diags := hclsyntax.ParseExpression([]byte(text), "expression", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	if table.Budget != nil {
		functions.Meter(expr, table.Budget)
	}
	value, diags := expr.Value(&hcl.EvalContext{Functions: functions.Table(table), Variables: variables})
	if !diags.HasErrors() {
		return value, nil
	}
	for _, d := range diags {
		if call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok && call.FunctionCallError() != nil {
			return cty.NilVal, call.FunctionCallError()
		}
	}
	return cty.NilVal, diags
}

var bombs = map[string]string{
	"width":              `format("%1000000000d", 1)`,
	"many widths":        `format(join("", [for i in range(1000) : "%9999d"]), 1)`,
	"width of a string":  `format("%99999999999999999999s", "a")`,
	"precision":          `format("%.1000000000f", 1)`,
	"one argument often": `format(join("", [for i in range(1000) : "%[1]s"]), join("", [for i in range(1000) : format("%10s", "")]))`,
	"formatlist":         `formatlist("%9999s", range(1000))`,
	"indent":             `indent(1000000000, "a\nb")`,
	"indent back":        `indent(-1000000000, "a\nb")`,
	"join":               `join(format("%9999s", ""), range(1000))`,
	"replace":            `replace(format("%9999s", ""), " ", format("%9999s", ""))`,
	"replace nothing":    `replace(format("%9999s", ""), "", format("%9999s", ""))`,
	"replace by pattern": `replace(format("%9999s", ""), "/ /", format("%9999s", ""))`,
	"setproduct":         `setproduct(range(1000), range(1000), range(1000), range(1000), range(1000), range(1000), range(1000))`,
	"distinct":           `distinct(flatten([for i in range(10) : range(i * 1000, i * 1000 + 1000)]))`,
	"common type":        `tolist(flatten([for i in range(9) : [for j in range(900) : [{ a = j }, j][j % 2]]]))`,
	"common type of all": `distinct(flatten([for i in range(9) : [for j in range(900) : [tostring(j), j][j % 2]]]))`,
	"union":              `setunion([for i in range(1000): [for j in range(20): [i]]]...)`,
	"flatten":            `flatten([for i in range(1000) : range(1000)])`,
	"pattern":            `regex("((a{100}){10}|b){1}[a-z]{900}(x?y?z?){1000}", format("%999999s", "a"))`,
	"pattern length":     `regex(format("%9999s", ""), "")`,
	"regexall":           `regexall("()()()()()()()()()()()()", format("%99999s", ""))`,
	"split":              `split("", format("%999999s", ""))`,
	"exponent":           `tonumber("1e99999999")`,
	"negative exponent":  `tonumber("1e-99999999")`,
	"exponent argument":  `max("1e99999999", 1)`,
	"binary exponent":    `floor("1p2000000000")`,
	"exponent in format": `format("%g", "1p200000000")`,
	"exponent in list":   `formatlist("%d", ["1e99999999"])`,
	"exponent in JSON":   `jsondecode("[1e99999999]")`,
	"exponent in YAML":   `yamldecode("a: 1e99999999")`,
	"exponent as a key":  `yamldecode("1e99999999: a")`,
	"digits":             `tonumber(format("%099999d", 1))`,
	"parseint":           `parseint(format("%099999d", 1), 10)`,
	"parseint result":    `parseint(replace(format("%9999d", 1), " ", "9"), 10)`,
	"deep JSON":          `jsondecode(replace(format("%9999s", ""), " ", "["))`,
	"wide JSON":          `jsondecode("[${replace(format("%999999s", "1"), " ", "1,")}]")`,
	"digits in JSON":     `jsondecode(replace(format("%99999s", "1"), " ", "1"))`,
	"deep YAML":          `yamldecode(replace(format("%99999s", ""), " ", "["))`,
	"deep YAML in lines": `yamldecode(replace(format("%99999s", "1"), " ", "- "))`,
	"aliases":            `yamldecode(join("\n", [for i in range(30) : i == 0 ? "a0: &a0 [x, x]" : format("a%d: &a%d [*a%d, *a%d]", i, i, i - 1, i - 1)]))`,
	"merged aliases":     `yamldecode(join("\n", [for i in range(30) : i == 0 ? "a0: &a0 {x: 1}" : format("a%d: &a%d {b: *a%d, c: *a%d}", i, i, i - 1, i - 1)]))`,
	"CSV":                `csvdecode(format("a\n%s", replace(format("%999999s", ""), " ", "1\n")))`,
	"template":           `templatefile("loop.tftpl", { n = range(1000) })`,
	"template brackets":  `templatefile("deep.tftpl", {})`,
	"template operators": `templatefile("operators.tftpl", {})`,
	"template strings":   `templatefile("wide.tftpl", { x = format("%999999s", "") })`,
	"fileset":            `fileset(".", "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}")`,
	"file":               `file("large")`,
	"hash of a file":     `filesha256("large")`,
	"loops":              `[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]]`,
	"loops of strings":   `[for a in range(1000) : [for b in range(1000) : "${a}${b}"]]`,
	"calls in loops":     `[for a in range(1000) : [for b in range(1000) : sha256("a")]]`,
	"splats":             `[for a in range(1000) : [for b in range(100) : range(1000)[*]]]`,
	"doubling by loops":  doubling(40),
	"doubling":           `[for a in range(1000) : [for b in range(100) : format("%9999s", "a")]]`,
}

// doubling makes a list of two lists of two lists, each time in a loop around the next.
func doubling(levels int) string {
	text := "length(v0)"
	for i := range levels {
		text = fmt.Sprintf("[for v%d in [[v%d, v%d]] : %s]", i, i+1, i+1, text)
	}
	return fmt.Sprintf(`[for v%d in ["x"] : %s]`, levels, text)
}

func bombFiles() fs.FS {
	return fstest.MapFS{
		"loop.tftpl":      {Data: []byte(`%{ for a in n }%{ for b in n }%{ for c in n }x%{ endfor }%{ endfor }%{ endfor }`)},
		"deep.tftpl":      {Data: []byte("${" + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000) + "}")},
		"operators.tftpl": {Data: []byte("${" + strings.Repeat("-", 100_000) + "1}")},
		"wide.tftpl":      {Data: []byte(strings.Repeat("${x}", 10_000))},
		"large":           {Data: make([]byte, functions.MaxFileBytes+1)},
	}
}

// TestBombs gives each of them a bounded time and memory, and a limit's error: not a failure that try would take
// for Terraform's.
func TestBombs(t *testing.T) {
	t.Parallel()
	for name, text := range bombs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := functions.Files{FS: bombFiles(), Dir: ".", Budget: &functions.Budget{}}
			value, err := evaluate(text, files, nil)
			var limit *functions.LimitError
			if !errors.As(err, &limit) {
				t.Fatalf("got %.200s and error %.200v, want a limit", fmt.Sprintf("%#v", value), err)
			}
			tried, err := evaluate("try("+text+`, "fallback")`, files, nil)
			if err == nil && tried.IsKnown() {
				t.Errorf("try decides on a limit: %#v", tried)
			}
			files.Budget.Reset()
			able, err := evaluate("can("+text+")", files, nil)
			if err != nil || able.IsKnown() {
				t.Errorf("can decides on a limit: %#v, %v", able, err)
			}
		})
	}
}

// TestCheckSize has lists that share their parts, and stand for more elements than there is memory.
func TestCheckSize(t *testing.T) {
	t.Parallel()
	shared, deep := cty.StringVal("a"), cty.StringVal("a")
	for range 100 {
		shared = cty.TupleVal([]cty.Value{shared, shared})
	}
	for range 1000 {
		deep = cty.TupleVal([]cty.Value{deep})
	}
	huge := cty.MustParseNumberVal("1e99999999")
	for name, v := range map[string]cty.Value{"shared": shared, "deep": deep, "huge": huge, "in a map": cty.MapVal(map[string]cty.Value{"a": huge})} {
		var limit *functions.LimitError
		if err := functions.CheckSize(v); !errors.As(err, &limit) {
			t.Errorf("%s: got %v, want a limit", name, err)
		}
	}
	for _, v := range []cty.Value{cty.DynamicVal, cty.NullVal(cty.String), cty.StringVal("a").Mark(functions.Sensitive), cty.ListVal([]cty.Value{cty.UnknownVal(cty.String)})} {
		if err := functions.CheckSize(v); err != nil {
			t.Errorf("%#v: %v", v, err)
		}
	}
}

// TestNestedTries would take as long as there are atoms if each level evaluated its argument twice.
func TestNestedTries(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"try", "can", "upper"} {
		text := strings.Repeat(name+"(", 150) + `"a"` + strings.Repeat(")", 150)
		if _, err := evaluate(text, functions.Files{}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBudgetIsOfOneExpression(t *testing.T) {
	t.Parallel()
	files := functions.Files{Budget: &functions.Budget{}}
	const text = `length([for a in range(100) : [for b in range(100) : sha256("a")]])`
	failed := 0
	for range 20 {
		if _, err := evaluate(text, files, nil); err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("expressions that share a budget never spend it")
	}
	for range 20 {
		files.Budget.Reset()
		if _, err := evaluate(text, files, nil); err != nil {
			t.Fatalf("an expression with a budget of its own: %v", err)
		}
	}
}

func TestFilesStayInTheRepository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.txt", "secret")
	write("repo/stack/own.txt", "own")
	write("repo/shared.txt", "shared")
	for link, to := range map[string]string{"repo/stack/out.txt": "../../secret.txt", "repo/stack/in.txt": "../shared.txt", "repo/stack/dir": "../.."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	root, err := os.OpenRoot(filepath.Join(dir, "repo"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	files := functions.Files{FS: root.FS(), Dir: "stack"}
	unknown := "unknown"
	for text, want := range map[string]string{
		`file("own.txt")`:                                   "own",
		`file("./../stack/own.txt")`:                        "own",
		`file("../shared.txt")`:                             "shared",
		`file("in.txt")`:                                    "shared",
		`file("../../secret.txt")`:                          unknown,
		`file("../../../../../../../../etc/passwd")`:        unknown,
		`file("/etc/passwd")`:                               unknown,
		`file("~/.ssh/id_rsa")`:                             unknown,
		`file("out.txt")`:                                   unknown,
		`file("dir/secret.txt")`:                            unknown,
		`filebase64("out.txt")`:                             unknown,
		`filesha256("../../secret.txt")`:                    unknown,
		`tostring(fileexists("../../secret.txt"))`:          unknown,
		`tostring(fileexists("out.txt"))`:                   unknown,
		`tostring(fileexists("own.txt"))`:                   "true",
		`tostring(fileexists("none.txt"))`:                  "false",
		`templatefile("../../secret.txt", {})`:              unknown,
		`templatefile("out.txt", {})`:                       unknown,
		`join(",", fileset("../..", "*"))`:                  unknown,
		`join(",", fileset(".", "../../*"))`:                unknown,
		`join(",", fileset(".", "*.txt"))`:                  "in.txt,own.txt",
		`join(",", fileset(".", "**"))`:                     "in.txt,own.txt",
		`join(",", fileset("dir", "*"))`:                    "",
		`try(file("../../secret.txt"), "not there")`:        unknown,
		`try(file("none.txt"), "not there")`:                "not there",
		`try(provider::aws::arn_parse("x").region, "mine")`: unknown,
	} {
		value, err := evaluate(text, files, nil)
		switch {
		case err != nil:
			t.Errorf("%s: %v", text, err)
		case want == unknown && value.IsKnown(), want != unknown && (!value.IsKnown() || value.AsString() != want):
			t.Errorf("%s: got %#v, want %s", text, value, want)
		}
	}
}

func TestNoFiles(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`file("a")`, `fileexists("a")`, `fileset(".", "*")`, `filemd5("a")`, `templatefile("a", {})`} {
		if value, err := evaluate(text, functions.Files{}, nil); err != nil || value.IsKnown() {
			t.Errorf("%s: got %#v, %v, want an unknown value", text, value, err)
		}
	}
}

// TestNumberLikeStrings keeps the guards from taking an abbreviated commit for a number.
func TestNumberLikeStrings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"1234e5678"`, `format("%s", "1234e5678")`, `join("", ["1234e5678"])`, `yamldecode("a: '1234e5678'").a`} {
		if value, err := evaluate(text, functions.Files{}, nil); err != nil || value.AsString() != "1234e5678" {
			t.Errorf("%s: %#v, %v", text, value, err)
		}
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	variables := map[string]cty.Value{
		"password": cty.StringVal("p").Mark(functions.Sensitive),
		"token":    cty.ObjectVal(map[string]cty.Value{"a": cty.StringVal("t").Mark(functions.Ephemeral), "b": cty.StringVal("u")}),
	}
	for text, want := range map[string]cty.Value{
		"issensitive(password)":               cty.True,
		"issensitive(upper(password))":        cty.True,
		"issensitive(nonsensitive(password))": cty.False,
		"ephemeralasnull(token).b":            cty.StringVal("u"),
		"ephemeralasnull(token).a":            cty.NullVal(cty.String),
	} {
		value, err := evaluate(text, functions.Files{}, variables)
		if err != nil || !value.RawEquals(want) {
			t.Errorf("%s: got %#v, %v", text, value, err)
		}
	}
}

// panicked tells an error that go-cty made of a panic.
func panicked(err error) bool { return strings.Contains(err.Error(), "panic in function") }
