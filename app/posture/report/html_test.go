package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/render/quote/quotetest"
)

func pageOf(t testing.TB, o posture.Organisation) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTML(t *testing.T) {
	t.Parallel()
	// The controls are those of all rules: the page would change with each new rule.
	before, rest, _ := strings.Cut(pageOf(t, acme()), `<h2 id="controls">`)
	controls, after, _ := strings.Cut(rest, `<h2 id="rules">`)
	golden(t, "report.html", before+`<h2 id="rules">`+after)
	for _, want := range []string{
		"<h3>PCI DSS v4</h3>", "<h3>NIST SP 800-53</h3>", `<strong>3.7.4</strong>`, `<a href="#repository-1">platform (1)</a>`, `<strong>CWE-798</strong>`,
	} {
		if !strings.Contains(controls, want) {
			t.Errorf("the controls do not hold %q", want)
		}
	}
}

// The page is the same for the same posture, whatever its order.
func TestHTMLIsDeterministic(t *testing.T) {
	t.Parallel()
	o := large()
	want := pageOf(t, o)
	slices.Reverse(o.Repositories)
	for i := range o.Repositories {
		slices.Reverse(o.Repositories[i].Findings)
		slices.Reverse(o.Repositories[i].Fixed)
	}
	if pageOf(t, o) != want {
		t.Error("another order, another page")
	}
}

// FuzzHTML asserts that the elements of the page are those of a harmless account, and that links lead to the web.
func FuzzHTML(f *testing.F) {
	for _, s := range quotetest.Hostile() {
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		elements := map[string]int{}
		for node := range parsed(t, pageOf(t, hostile(s, n))) {
			elements[node.Data]++
			for _, attr := range node.Attr {
				if strings.HasPrefix(attr.Key, "on") || attr.Key == "src" {
					t.Errorf("%q: <%s %s=%q>", s, node.Data, attr.Key, attr.Val)
				}
				if attr.Key == "href" && !strings.HasPrefix(attr.Val, "https://github.com/") && !strings.HasPrefix(attr.Val, "#") {
					t.Errorf("%q: link to %q", s, attr.Val)
				}
			}
		}
		harmless := map[string]int{}
		for node := range parsed(t, pageOf(t, hostile("x", n))) {
			harmless[node.Data]++
		}
		for name, n := range elements {
			// Code spans, links that are left out, and rules that have a row of their own depend on the text.
			if n > harmless[name] && !slices.Contains([]string{"code", "a", "tr", "td", "strong", "br", "span"}, name) {
				t.Errorf("%q: %d of <%s>, without it %d", s, n, name, harmless[name])
			}
		}
	})
}

func parsed(t *testing.T, page string) func(func(*html.Node) bool) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(*html.Node) bool) {
		for n := range doc.Descendants() {
			if n.Type == html.ElementNode && !yield(n) {
				return
			}
		}
	}
}
