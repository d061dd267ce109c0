package report

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/kms-review/kms-review/app/browsertest"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/simulator"
	site "github.com/kms-review/kms-review/app/simulator/page"
)

var screenshots = flag.String("screenshots", "", "directory for pictures of the page")

func TestPageInABrowser(t *testing.T) {
	ctx := browsertest.Start(t)
	pages := map[string]posture.Organisation{"/small": acme(), "/large": large(), "/empty": {Account: "acme", At: now()}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if o, ok := pages[r.URL.Path]; ok {
			if err := HTML(w, o); err != nil {
				t.Error(err)
			}
		}
	}))
	defer server.Close()
	b := browsertest.NewTab(ctx, t)
	b.Pictures = *screenshots
	for path := range pages {
		for scheme, background := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"} {
			for _, width := range []int64{1280, 390} {
				t.Run(fmt.Sprintf("%s at %d %s", path, width, scheme), func(t *testing.T) {
					b.T = t
					b.Look(server.URL+path, width, scheme)
					b.Expect("background", `getComputedStyle(document.body).backgroundColor`, background)
					b.Expect("width", `document.documentElement.scrollWidth <= innerWidth`, "true")
					b.Expect("contrast", browsertest.Contrast, "")
					b.Expect("letters of charts over each other", overlaps, "")
					if path == "/large" && width < 1000 {
						return // longer than a picture can be
					}
					b.Picture(fmt.Sprintf("%s-%d-%s", path[1:], width, scheme))
				})
			}
		}
		b.T = t
		b.Look(server.URL+path, 1280, "dark")
		pdf := b.PDF(path[1:])
		if sheets := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(pdf, -1)); !bytes.HasPrefix(pdf, []byte("%PDF-")) || sheets == 0 {
			t.Errorf("%s is printed on %d sheets", path, sheets)
		}
	}
	b.T = t
	b.Look(server.URL+"/large", 1280, "light")
	b.Expect("links within the page that lead nowhere", `[...document.querySelectorAll('a[href^="#"]')].filter(a => !document.querySelector(a.getAttribute("href"))).length`, "0")
	b.Expect("scripts and pictures", `document.querySelectorAll("script, img, link, iframe, form").length`, "0")
	b.Quiet(server.URL)
}

// overlaps lists texts of charts that touch each other, or a bar.
const overlaps = `(() => {
	const found = [];
	for (const svg of document.querySelectorAll("figure > svg")) {
		const texts = [...svg.querySelectorAll("text")], boxes = texts.map(e => e.getBoundingClientRect());
		const touch = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
		boxes.forEach((a, i) => {
			boxes.slice(i + 1).forEach((b, j) => { if (touch(a, b)) found.push(texts[i].textContent + " and " + texts[i + 1 + j].textContent); });
			for (const r of svg.querySelectorAll("rect")) if (touch(a, r.getBoundingClientRect())) found.push(texts[i].textContent + " and a bar");
			if (a.left < 0 || a.right > innerWidth) found.push(texts[i].textContent + " and the border");
		});
	}
	return found.join("; ");
})()`

// The issue is looked at as GitHub shows it, at its largest.
func TestIssueInABrowser(t *testing.T) {
	ctx := browsertest.Start(t)
	sim, err := simulator.New(simulator.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	repo, err := sim.CreateRepository("initech", ".github-private", map[string]string{"README.md": "x\n"})
	if err != nil {
		t.Fatal(err)
	}
	body := Issue(large(), false)
	if _, err := repo.OpenIssue("kms-review", IssueTitle, body); err != nil {
		t.Fatal(err)
	}
	t.Logf("the body has %d bytes", len(body))
	server := httptest.NewServer(site.New(sim))
	defer server.Close()
	b := browsertest.NewTab(ctx, t)
	b.Pictures = *screenshots
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			b.Look(server.URL+"/initech/.github-private/issues/1", width, scheme)
			b.Expect("headings", `[...document.querySelectorAll(".markdown h3")].map(h => h.innerText).join()`,
				"Trend,Needs action,By rule,By repository,Keys,Waivers,Coverage,What to do with this")
			b.Expect("tables", `document.querySelectorAll(".markdown table").length`, "6")
			b.Expect("box", `document.querySelectorAll(".markdown input").length`, "1")
			b.Expect("mentions", `document.querySelectorAll(".mention").length`, "0")
			b.Expect("width", `document.documentElement.scrollWidth <= innerWidth`, "true")
			b.Picture(fmt.Sprintf("issue-%d-%s", width, scheme))
		}
	}
	b.Quiet(server.URL)
}
