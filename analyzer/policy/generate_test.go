package policy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const generatedFile = "testdata/provider/generated.txtar"

// writeGenerated draws configurations: each has a few documents, the last one merged of those before it.
func writeGenerated(t *testing.T) {
	t.Helper()
	a := &txtar.Archive{Comment: []byte("Drawn by generate_test.go: features of the data source in chance combinations.\n\n")}
	for i := range 40 {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(i), 7))}
		a.Files = append(a.Files, txtar.File{Name: fmt.Sprintf("g%02d/main.tf", i), Data: []byte(g.configuration())})
	}
	if err := os.WriteFile(generatedFile, txtar.Format(a), 0o600); err != nil {
		t.Fatal(err)
	}
}

type generator struct {
	*rand.Rand
	out  strings.Builder
	sids int
	docs []string
}

func (g *generator) line(format string, args ...any) { fmt.Fprintf(&g.out, format+"\n", args...) }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) configuration() string {
	g.line("locals {\n  account = %q\n  roles   = %s\n  tests   = { StringLike = \"kms:ViaService\", Bool = \"aws:SecureTransport\" }\n}\n",
		"111122223333", g.list("arn:aws:iam::111122223333:role/", 3))
	for range 1 + g.IntN(3) {
		g.document(fmt.Sprintf("d%d", len(g.docs)))
	}
	return g.out.String()
}

// list writes up to most texts, some of them twice.
func (g *generator) list(prefix string, most int) string {
	var items []string
	for range g.IntN(most + 1) {
		items = append(items, fmt.Sprintf("%q", prefix+string(rune('a'+g.IntN(5)))))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (g *generator) document(name string) {
	g.line("data \"aws_iam_policy_document\" %q {", name)
	if g.chance(20) {
		g.line("  version = %q", []string{"2008-10-17", "2012-10-17"}[g.IntN(2)])
	}
	if g.chance(30) {
		g.line("  policy_id = %q", name)
	}
	g.line("  source_policy_documents = [%s]", strings.Join(g.merged(), ", "))
	if len(g.docs) > 0 && g.chance(50) {
		g.line("  override_policy_documents = [data.aws_iam_policy_document.%s.minified_json%s]", g.docs[g.IntN(len(g.docs))], g.encoded(", ", 30))
	}
	for range g.IntN(4) {
		g.statement("statement")
	}
	if g.chance(30) {
		g.line("  dynamic \"statement\" {\n    for_each = %s\n    content {\n      actions = [\"kms:${%s.value}\"]\n    }\n  }", g.list("D", 3), "statement")
	}
	g.line("}\n")
	g.docs = append(g.docs, name)
}

// merged lists documents of which no two have a Sid in common.
func (g *generator) merged() (sources []string) {
	if len(g.docs) > 0 && g.chance(60) {
		sources = append(sources, "data.aws_iam_policy_document."+g.docs[g.IntN(len(g.docs))]+".json")
	}
	if g.chance(40) {
		sources = append(sources, strings.TrimPrefix(g.encoded(", ", 100), ", "))
	}
	return sources
}

// encoded is a document by jsonencode, with texts and lists in turns.
func (g *generator) encoded(before string, percent int) string {
	if !g.chance(percent) {
		return ""
	}
	either := func(prefix string) string {
		if g.chance(50) {
			return fmt.Sprintf("%q", prefix+"x")
		}
		return g.list(prefix, 3)
	}
	members := []string{fmt.Sprintf("Effect = %q", []string{"Allow", "Deny"}[g.IntN(2)]), "Action = " + either("kms:")}
	if g.chance(50) {
		members = append(members, "Sid = "+fmt.Sprintf("%q", g.sid()))
	}
	if g.chance(50) {
		members = append(members, "Principal = { AWS = "+either("arn:aws:iam::${local.account}:role/")+", Service = "+either("s")+" }")
	} else if g.chance(50) {
		members = append(members, `NotPrincipal = "*"`)
	}
	if g.chance(50) {
		members = append(members, `Condition = { StringEquals = { "aws:SourceAccount" = `+either("1")+`, b = true } }`)
	}
	return before + "jsonencode({ Version = \"2012-10-17\", Statement = [{ " + strings.Join(members, ", ") + " }] })"
}

func (g *generator) sid() string {
	g.sids++
	return fmt.Sprintf("S%d", g.sids)
}

func (g *generator) statement(kind string) {
	g.line("  %s {", kind)
	if g.chance(60) {
		sid := g.sid()
		if g.sids > 2 && g.chance(40) {
			sid = fmt.Sprintf("S%d", 1+g.IntN(g.sids)) // one that stands elsewhere
		}
		g.line("    sid = %q", sid)
	}
	if g.chance(40) {
		g.line("    effect = %q", []string{"Allow", "Deny"}[g.IntN(2)])
	}
	for _, name := range []string{"actions", "resources", "not_actions", "not_resources"} {
		if g.chance(50) {
			g.line("    %s = %s", name, g.list("kms:&{", 4))
		}
	}
	for range g.IntN(3) {
		identifiers := g.list("arn:aws:iam::111122223333:user/", 3)
		if g.chance(30) {
			identifiers = "local.roles"
		}
		g.line("    %s {\n      type        = %q\n      identifiers = %s\n    }", []string{"principals", "not_principals"}[g.IntN(2)], []string{"AWS", "Service", "*"}[g.IntN(3)], identifiers)
	}
	for range g.IntN(3) {
		g.line("    condition {\n      test     = %q\n      variable = %q\n      values   = %s\n    }", []string{"StringEquals", "StringLike"}[g.IntN(2)], []string{"aws:a", "aws:b"}[g.IntN(2)], g.list("v", 3))
	}
	if g.chance(20) {
		g.line("    dynamic \"condition\" {\n      for_each = local.tests\n      content {\n        test     = condition.key\n        variable = condition.value\n        values   = [\"true\"]\n      }\n    }")
	}
	g.line("  }")
}
