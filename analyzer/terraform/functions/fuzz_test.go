package functions_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// call gives strings to an expression that names them a, b and c. Whatever they are, it ends without a panic: go-cty
// turns one into an error of its own, which is looked for.
func call(t *testing.T, text string, args ...string) {
	t.Helper()
	// A hang would otherwise pass: the fuzzing engine does not end an input that takes too long.
	slow := time.AfterFunc(15*time.Second, func() { panic(text) })
	defer slow.Stop()
	variables := map[string]cty.Value{}
	for i, arg := range args {
		variables[string(rune('a'+i))] = cty.StringVal(arg)
	}
	files := functions.Files{FS: fstest.MapFS{"t": {Data: []byte(args[0])}}, Dir: ".", Budget: &functions.Budget{}}
	value, err := evaluate(text, files, variables)
	if err != nil {
		if panicked(err) {
			t.Fatalf("%s of %q: %v", text, args, err)
		}
		return
	}
	if again, err := evaluate(text, files, variables); err == nil && !again.RawEquals(value) {
		t.Fatalf("%s of %q: %#v, then %#v", text, args, value, again)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("%s %5d|%-5v|%05.2f %[1]q", "a", "1")
	f.Add("%99999999999999999999d%[9]s%z%*", "-0", "1e5000")
	f.Add("%#v%+x% d%%%.0e", "{}", "")
	f.Fuzz(func(t *testing.T, format, x, y string) {
		call(t, "[format(a, b, c), formatlist(a, [b, c], c)]", format, x, y)
	})
}

func FuzzRegex(f *testing.F) {
	f.Add("(?P<a>[a-z]+)|(b)", "abc", "$1${a}$$")
	f.Add("(x{1000}){0,1}", "xxxx", "")
	f.Add("\\pL*?(?i)\\x{10FFFF}", "\xff", "$0$0")
	f.Fuzz(func(t *testing.T, pattern, text, with string) {
		call(t, "regex(a, b)", pattern, text)
		call(t, "regexall(a, b)", pattern, text)
		call(t, `replace(b, "/${a}/", c)`, pattern, text, with)
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"a: &x [1, *x]", "a: &x {b: 1}\nc:\n  <<: [*x, *x]\n", "- - - - 1e99999", "? {a: b}\n: !!binary x", "{\"a\": [1e99999, \"\\u0000\"]}",
		"a,b\n1,\"2\n", "[[[[[[", "%YAML 1.1\n---\n!<tag:x> 0x1F", "a: |2-\n   x\n", "0: .inf\n~: -.nan",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		call(t, "yamldecode(a)", text)
		call(t, "jsondecode(a)", text)
		call(t, "csvdecode(a)", text)
		call(t, "yamldecode(yamlencode(a))", text)
		call(t, "[base64decode(a), textdecodebase64(a, \"UTF-16\")]", text)
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("Hello, ${b}!", "x")
	f.Add("%{ for x in [1, 2] ~}${x}%{ if b == \"\" }y%{ else }${templatestring(b, {})}%{ endif }%{ endfor }", "")
	f.Add("${[for x in range(1000) : [for y in range(1000) : \"${x}${y}\"]]}", "")
	f.Add("${try(b.c, jsondecode(b)[*].d, {(b) = 1e9999})}", "[]")
	f.Fuzz(func(t *testing.T, template, x string) {
		call(t, "templatestring(a, {b = b})", template, x)
		call(t, `templatefile("t", {b = b})`, template, x)
	})
}

func FuzzCIDR(f *testing.F) {
	f.Add("10.0.0.0/8", "8", "1")
	f.Add("::ffff:010.0.0.0/096", "-1", "1e30")
	f.Add("fe80::%0/64", "128", "-340282366920938463463374607431768211456")
	f.Fuzz(func(t *testing.T, prefix, x, y string) {
		call(t, "cidrhost(a, b)", prefix, x)
		call(t, "cidrnetmask(a)", prefix)
		call(t, "cidrsubnet(a, b, c)", prefix, x, y)
		call(t, "cidrsubnets(a, b, c)", prefix, x, y)
	})
}

func FuzzText(f *testing.F) {
	f.Add("2006-01-02T15:04:05Z", "DD MMM YYYY 'x' ZZZ", "1h")
	f.Add("a/../b", "**/{a,b}[!c]", "é̂🤷")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, text := range []string{
			"formatdate(b, a)", "timeadd(a, c)", "timecmp(a, c)", "uuidv5(a, b)", "parseint(a, length(b))", "substr(a, length(b), length(c))",
			"fileset(a, b)", "[file(a), dirname(b), basename(c)]", "split(a, b)", "[title(a), strrev(b), trim(a, c)]", "textencodebase64(a, b)", "[tonumber(a), b, c]",
		} {
			call(t, text, a, b, c)
		}
	})
}
