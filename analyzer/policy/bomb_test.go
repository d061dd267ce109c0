package policy

import (
	"fmt"
	"strings"
	"testing"
)

// TestBombs reads small configurations in which what is not known would double from one local to the next, or with
// each condition: reading them ends, and what became too large says so or is not known.
func TestBombs(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"concat":   doubled(`concat(["a"], var.u)`, "concat(@, @)"),
		"nested":   doubled(`concat(["a"], var.u)`, "concat([@], [@], var.u)"),
		"choices":  doubled(`var.x ? "a" : var.y`, "var.x ? [@, @] : { a = @ }"),
		"merge":    doubled(`merge({ a = var.u }, var.x)`, "merge(@, { b = @, c = @ }, var.y ? { a = @ } : {})"),
		"text":     doubled(`"a${var.u}"`, `"${@}${@}"`),
		"names":    doubled(`lower("a${var.u}")`, `lower("${@}${@}")`),
		"operator": doubled(`var.u`, `(@ == @) || (@ != @) ? @ : "x"`),
		"loops":    doubled(`concat(["a", "b"], var.u)`, `flatten([for x in @ : [x, "${x}-b"]])`),
		"decoded":  doubled(`jsondecode(var.u)`, "concat(@.Statement, jsondecode(jsonencode({ Statement = @ })).Statement)"),
		"template": "resource \"aws_kms_key\" \"a\" {\n policy = \"{\\\"Statement\\\": [" +
			strings.Repeat(`%{ if var.x }{\"Effect\": \"Allow\"},%{ else }{},%{ endif }`, 50) + "]}\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := load(t, map[string]string{"main.tf": "variable \"u\" {}\nvariable \"x\" {}\nvariable \"y\" {}\n" + text})
			resolver := NewResolver(config)
			for _, r := range config.Roots[0].Resources(nil) {
				d := FromValue(r.Attr("policy"), resolver)
				if !d.Open && r.Attr("b").Absent() {
					t.Errorf("%s is known", r.Address)
				}
				if symbol, _ := r.Attr("b").Symbol(); len(symbol) > 1<<20 {
					t.Errorf("a name of %d bytes", len(symbol))
				}
			}
		})
	}
}

// doubled is a chain of locals, each made of the one before.
func doubled(first, form string) string {
	const length = 60
	out := "locals {\n l0 = " + first + "\n"
	for i := range length {
		out += fmt.Sprintf(" l%d = %s\n", i+1, strings.ReplaceAll(form, "@", fmt.Sprintf("local.l%d", i)))
	}
	return out + fmt.Sprintf("}\nresource \"aws_kms_key\" \"a\" {\n policy = jsonencode({ Statement = local.l%[1]d })\n b = local.l%[1]d\n}\n", length)
}
