package terraform

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/zclconf/go-cty/cty"
)

// TestPartial holds what is known of an expression whose variables are not known against its values once they are:
// what was decided must have been right, and two values of one name must be equal. The values themselves are held
// against Terraform's in the functions package.
func TestPartial(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		checkPartial(t, seed, 40)
	}
}

// FuzzPartial does the same with expressions of any seed.
func FuzzPartial(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkPartial(t, seed, 10) })
}

// assignments are values for the variables of generator: text, list, map, flag, number.
var assignments = []string{
	"text = \"\"\nlist = []\nmap = {}\nflag = false\nnumber = 0\nany = null\n",
	"text = \"a\"\nlist = [\"a\"]\nmap = { a = \"b\" }\nflag = true\nnumber = 1\nany = \"a\"\n",
	"text = \"x/y\"\nlist = [\"b\", \"a\", \"b\"]\nmap = { b = \"c\", c = \"a\" }\nflag = true\nnumber = 2\nany = [\"a\", \"\"]\n",
	"text = \"c\"\nlist = [\"\", \"c\"]\nmap = { a = \"\", z = \"x\" }\nflag = false\nnumber = 1\nany = { a = \"a\" }\n",
}

const declared = `
variable "text" { type = string }
variable "list" { type = list(string) }
variable "map" { type = map(string) }
variable "flag" { type = bool }
variable "number" { type = number }
variable "any" {}
variable "shaped" {
  type    = list(object({ a = string, b = optional(string, "b"), c = optional(list(string)) }))
  default = []
}
`

func checkPartial(t *testing.T, seed uint64, count int) {
	t.Helper()
	g := generator{rand.New(rand.NewPCG(seed, 7))} // the same expressions each time
	config := declared
	locals, block := "locals {\n", "resource \"x_y\" \"a\" {\n"
	for i := range count {
		locals += fmt.Sprintf("  l%d = %s\n", i, g.expression(3))
		block += fmt.Sprintf("  v%d = %s\n", i, g.expression(4))
	}
	for i := range 5 {
		block += fmt.Sprintf("  v%d = %s\n", count+i, g.over(fmt.Sprintf("local.l%d", g.IntN(count))))
	}
	config += locals + "}\n" + block + "}\n"
	unknown := attributes(t, config, "")
	inlined := regexp.MustCompile(`local\.(l\d+)`).ReplaceAllStringFunc(config, func(name string) string {
		return "(" + regexp.MustCompile(`(?m)^  ` + name[len("local."):] + ` = (.*)$`).FindStringSubmatch(config)[1] + ")"
	})
	for _, values := range assignments {
		known := attributes(t, inlined, values)
		symbols := map[string]string{}
		for _, name := range sortedKeys(unknown) {
			checkOne(t, config, name, values, unknown[name], known[name], symbols)
		}
	}
}

func checkOne(t *testing.T, config, name, values string, partial, whole Value, symbols map[string]string) {
	t.Helper()
	written := regexp.MustCompile(`(?m)^  ` + name + ` = (.*)$`).FindStringSubmatch(config)[1]
	if why := disagree(partial, whole, 0); why != "" {
		t.Errorf("%s with\n%s%s: partly %s", written, values, why, shown(partial))
	}
	symbol, ok := partial.Symbol()
	if !ok || whole.Unknown() {
		return
	}
	if other, seen := symbols[symbol]; seen && other != shown(whole) {
		t.Errorf("%s with\n%sis %s, and another value of the symbol %s is %s", written, values, shown(whole), symbol, other)
	}
	symbols[symbol] = shown(whole)
}

func attributes(t *testing.T, config, vars string) map[string]Value {
	t.Helper()
	files := fstest.MapFS{"main.tf": {Data: []byte(config)}, "terraform.tfvars": {Data: []byte(vars)}}
	c, err := Load(context.Background(), files, []string{"."}, Options{})
	if err != nil || len(c.Diagnostics) > 0 {
		t.Fatal(err, c.Diagnostics, config)
	}
	values := map[string]Value{}
	for _, r := range c.Roots[0].Resources(nil) {
		for _, m := range regexp.MustCompile(`(?m)^  (v\d+) =`).FindAllStringSubmatch(config, -1) {
			values[m[1]] = r.Attr(m[1])
			if vars != "" { // cty's own answer, which keeps no structure
				values[m[1]] = r.Scope.evaluator(nil).compute(attribute(r.block.bodies[0], m[1]))
			}
		}
	}
	return values
}

func shown(v Value) string {
	if v.Unknown() {
		out := "?"
		if members, ok := v.Members(); ok {
			out += "["
			for _, m := range members {
				out += fmt.Sprint(shown(m.Value), m.Exists, m.Rest, " ")
			}
			out += "]"
		}
		if fields, rest, ok := v.Entries(); ok {
			out += "{"
			for _, name := range sortedKeys(fields) {
				out += fmt.Sprint(name, shown(fields[name].Value), fields[name].Exists, " ")
			}
			out += fmt.Sprint(len(rest), "}")
		}
		if choices, ok := v.Choices(); ok {
			for _, choice := range choices {
				out += " or " + shown(choice)
			}
		}
		return out
	}
	text, err := jsonEncode(v.cty())
	if err != nil {
		return err.Error()
	}
	return text
}

// disagree says where what was known before contradicts the value; "" if nowhere.
func disagree(partial, whole Value, depth int) string {
	if whole.Unknown() || depth > 20 {
		return "" // Terraform refuses it, or we do not know
	}
	_, isList := whole.Elements()
	switch {
	case partial.failed:
		return "it was to fail (" + partial.Reason + "), and is " + shown(whole)
	case partial.Absent() != whole.Absent() && !partial.Unknown():
		return "null differs: " + shown(whole)
	case partial.Known():
		if shown(partial) != shown(whole) && partial.Is(whole.cty()) != True {
			return "it is " + shown(whole)
		}
		return ""
	case partial.Set() == True && whole.Absent():
		return "it was not to be null"
	case partial.Set() == False && !whole.Absent():
		return "it was to be null"
	}
	if choices, ok := partial.Choices(); ok {
		if !slices.ContainsFunc(choices, func(choice Value) bool { return disagree(choice, whole, depth+1) == "" }) {
			return "none of the choices is " + shown(whole)
		}
		return ""
	}
	if members, loose, ok := partial.members(0); ok && isList {
		return differentLists(partial, members, loose, whole, depth)
	}
	if known, rest, ok := partial.Entries(); ok {
		return differentObjects(known, rest, whole, depth)
	}
	if segments, ok := partial.Segments(); ok {
		return differentTexts(segments, whole)
	}
	if encoded, ok := partial.Encoded(); ok {
		return differentJSON(encoded, whole, depth)
	}
	if partial.value != cty.NilVal && whole.value.Type() == cty.Number && partial.value.Type() == cty.Number && !partial.value.IsKnown() {
		if low, inclusive := partial.value.Range().NumberLowerBound(); low.IsKnown() && whole.value.LessThan(low).True() {
			return fmt.Sprint("it is less than ", low.GoString(), inclusive)
		}
	}
	return ""
}

func differentLists(partial Value, members []Member, loose bool, whole Value, depth int) string {
	elements, _ := whole.Elements()
	if exact, ok := partial.Elements(); ok && len(exact) != len(elements) {
		return fmt.Sprintf("it has %d elements: %s", len(elements), shown(whole))
	}
	open, prefix := false, !loose
	for i, m := range members {
		open = open || m.Rest
		prefix = prefix && m.certain()
		switch {
		case prefix && (i >= len(elements) || disagree(m.Value, elements[i], depth+1) != ""):
			return fmt.Sprintf("element %d is another: %s", i, shown(whole))
		case m.certain() && !slices.ContainsFunc(elements, func(v Value) bool { return disagree(m.Value, v, depth+1) == "" }):
			return fmt.Sprintf("%s is not in it: %s", shown(m.Value), shown(whole))
		}
	}
	for _, element := range elements {
		if !open && !slices.ContainsFunc(members, func(m Member) bool { return disagree(m.Value, element, depth+1) == "" }) {
			return "it also has " + shown(element)
		}
	}
	return ""
}

func differentObjects(known map[string]Member, rest []Value, whole Value, depth int) string {
	fields, ok := whole.Fields()
	if !ok {
		return "it is no object: " + shown(whole)
	}
	for name, m := range known {
		field, exists := fields[name]
		if m.certain() && !exists {
			return "it has no " + name
		}
		if why := disagree(m.Value, field, depth+1); exists && why != "" {
			return name + ": " + why
		}
	}
	for name := range fields {
		if _, exists := known[name]; !exists && len(rest) == 0 {
			return "it also has " + name
		}
	}
	return ""
}

func differentTexts(segments []Value, whole Value) string {
	pattern := "(?s)^"
	for _, segment := range segments {
		if text, ok := segment.Text(); ok {
			pattern += regexp.QuoteMeta(text)
			continue
		}
		pattern += ".*"
	}
	text, ok := whole.Text()
	if !ok || !regexp.MustCompile(pattern+"$").MatchString(text) {
		return pattern + " does not match " + shown(whole)
	}
	return ""
}

func differentJSON(encoded, whole Value, depth int) string {
	text, _ := whole.Text()
	if !json.Valid([]byte(text)) {
		return "it is no JSON: " + text
	}
	decoded, _ := decodeJSON(whole.Range, []Value{whole})
	return disagree(encoded, decoded, depth+1)
}

// generator writes expressions: forms with $l, $t, $o and $f for a list, text, object and flag, and $s for a simple text.
type generator struct{ *rand.Rand }

var forms = map[string][]string{
	"l": {
		`concat($l, $l)`, `concat($l, $l, $l)`, `compact([$t, $t])`, `compact($l)`, `flatten([$l, $s, $l])`, `distinct($l)`, `reverse($l)`,
		`sort($l)`, `($f ? $l : $l)`, `($f ? [$s] : [])`, `toset($l)`, `tolist(toset($l))`, `[for s in $l : "x-${s}"]`,
		`[for s in $l : s if s != $s]`, `[for i, s in $l : "${i}${s}"]`, `setunion($l, $l)`, `setsubtract($l, $l)`, `setintersection($l, $l)`,
		`values($o)`, `keys($o)`, `[$t, $t]`, `coalescelist($l, $l)`, `try($l, ["t"])`, `slice($l, 0, 1)`, `formatlist("%s!", $l)`,
		`formatlist("%s-%s", $l, $s)`, `split("/", $t)`, `jsondecode(jsonencode($l))`, `$o[*]`, `concat([$l, $l]...)`, `[$l, $l][0]`,
		`[$l, $l][var.number]`, `[for o in [$o, $o] : lookup(o, "a", "none")]`, `[$o, $o][*].a`, `flatten([for s in $l : [s, $s]])`,
		`[for s in toset($l) : s]`, `[for k, v in $o : k]`, `[for x in $l : $f]`, `chunklist($l, 2)`, `tolist($l)`, `jsondecode($t)`,
	},
	"t": {
		`($f ? $t : $t)`, `"${$t}-${$t}"`, `join(",", $l)`, `format("%s:%s", $t, $t)`, `format("%[2]v%%%[1]s", $t, $t)`, `format("%s:%d", $t, 1)`,
		`coalesce($t, $t)`, `try($t, $t)`, `one($l)`, `element($l, 1)`, `$l[0]`, `lookup($o, "a", $t)`, `$o.a`, `try($o.a, $t)`, `lower($t)`,
		`tostring($t)`, `upper($t)`, `"%{ if $f }yes ${$t}%{ else }no%{ endif }"`, `"<%{ for s in $l }${s};%{ endfor }>"`, `jsonencode($l)`,
		`jsonencode($o)`, `tostring(length($l))`, `replace($t, "a", "b")`, `$o[$t]`, `trimprefix($t, "a")`, `sensitive($t)`, `nonsensitive(sensitive($t))`,
		`{ for k, v in $o : k => "${k}=${v}" }["a"]`, `element($l, var.number)`, `jsonencode({ x = $l, y = $o, z = $t })`, `trimspace(" ${$t} ")`,
		`sha256($t)`, `base64decode(base64encode($t))`, `jsonencode(jsondecode($t))`,
	},
	"o": {
		`merge($o, $o)`, `merge($o, $o, $o)`, `($f ? $o : $o)`, `{ a = $t, c = $t }`, `{ for k, v in $o : k => "${v}!" }`,
		`{ for k, v in $o : k => v if v != "b" }`, `{ for s in $l : s => upper(s) }`, `{ for s in $l : s => s... }`, `zipmap($l, $l)`,
		`try($o, {})`, `jsondecode(jsonencode($o))`, `tomap($o)`, `merge([$o, $o]...)`, `merge([for s in $l : { (s) = s }]...)`, `($f ? $o : null)`,
		`{ for k in toset($l) : k => { n = k } }["a"]`, `{ ($t) = $t, b = $t }`,
	},
	"f": {
		`length($l) > 0`, `length($l) > 1`, `length($l) == 2`, `contains($l, $s)`, `contains($l, $t)`, `$t == $t`, `$t == null`, `$t != ""`,
		`$f && $f`, `$f || $f`, `!($f)`, `can($o.a)`, `can($t)`, `$l == $l`, `length($o) == 1`, `alltrue([for s in $l : s != "q"])`,
		`anytrue([var.flag, $f])`, `length($l) == length($l)`, `($f ? $f : $f)`, `startswith($t, "a")`, `$o == $o`, `length(setsubtract($l, $l)) == 0`,
	},
}

var leaves = map[string][]string{
	"l": {`[]`, `["a"]`, `["a", "b"]`, `[var.text]`, `var.list`, `["a", var.text, "c"]`, `tolist(["a", "b"])`, `keys(var.map)`, `[for s in var.list : "p${s}"]`, `var.shaped[*].b`},
	"t": {`"a"`, `"b"`, `""`, `var.text`, `"a-${var.text}"`, `"x/${var.text}/y"`, `null`, `var.map["a"]`, `var.any`},
	"o": {`{}`, `{ a = "a" }`, `{ a = var.text, b = "b" }`, `var.map`, `{ b = var.any }`, `{ (var.text) = "k", a = "a" }`, `tomap({ a = "a", b = var.text })`},
	"f": {`true`, `false`, `var.flag`, `!var.flag`, `var.text == "a"`, `var.any == null`, `var.text != ""`},
}

var placeholder = regexp.MustCompile(`\$([ltofs])\b`)

func (g generator) expression(depth int) string {
	return g.kind([]string{"l", "l", "l", "t", "o", "f"}[g.IntN(6)], depth)
}

func (g generator) kind(kind string, depth int) string {
	from := forms[kind]
	if depth <= 0 {
		from = leaves[kind]
	}
	return placeholder.ReplaceAllStringFunc(from[g.IntN(len(from))], func(s string) string {
		if s == "$s" {
			return g.kind("t", 0)
		}
		return g.kind(s[1:], depth-1)
	})
}

// over writes an expression over another one by its name.
func (g generator) over(name string) string {
	of := []string{`@[0]`, `length(@)`, `[for x in @ : x]`, `@.a`, `jsonencode(@)`, `[@, @]`, `concat(@, ["z"])`, `@[*]`} // what fails in a local, no try catches
	return strings.ReplaceAll(of[g.IntN(len(of))], "@", name)
}
