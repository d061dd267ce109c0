package page_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/browsertest"
)

var screenshots = flag.String("screenshots", "", "directory for pictures of the pages")

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// lineOf finds the line number above a comment in the changed files.
func lineOf(comment int64) string {
	return `(() => { let row = document.getElementById("discussion_r` + itoa(comment) + `").closest("tr.note-row");
		while (row.classList.contains("note-row")) row = row.previousElementSibling;
		return row.cells[1].innerText + " " + row.cells[3].innerText.trim(); })()`
}

// suggested shows the lines of a suggestion, each with its sign.
func suggested(comment int64) string {
	return `[...document.querySelectorAll("#discussion_r` + itoa(comment) + ` .suggestion tr")].map(r =>
		r.cells[0].innerText + "|" + r.cells[1].innerText + "|" + r.cells[2].innerText + r.cells[3].innerText).join("\n")`
}

func TestBrowser(t *testing.T) {
	ctx := browsertest.Start(t)
	w := newWorld(t)
	p, comments := w.failing()
	pull := w.url + "/acme/platform/pull/1"
	b := browsertest.NewTab(ctx, t)
	b.Pictures = *screenshots

	t.Run("files", func(t *testing.T) {
		b.T = t
		b.Look(pull+"/files", 1280, "light")
		b.Expect("line of the first comment", lineOf(comments[0]), "3 enable_key_rotation     = false")
		b.Expect("line of the second comment", lineOf(comments[1]), `8 description = "second"`)
		b.Expect("first suggestion", suggested(comments[0]), "3||−  enable_key_rotation     = false\n|3|+  enable_key_rotation     = true")
		b.Expect("second suggestion", suggested(comments[1]), "7|7|resource \"aws_kms_key\" \"second\" {\n"+
			"8||−  description = \"second\"\n|8|+  description         = \"second\"\n|9|+  enable_key_rotation = true")
		b.Expect("annotation", `document.querySelector(".remark-failure summary").innerText.trim()`, "Failure · KMS Review · KMS104 rotation-turned-off")
		b.Picture("files")
	})
	t.Run("conversation", func(t *testing.T) {
		b.T = t
		b.Look(pull, 1280, "light")
		b.Expect("suggestion", suggested(comments[0]), "3||−  enable_key_rotation     = false\n|3|+  enable_key_rotation     = true")
		b.Expect("last line of the hunk above", `[...document.querySelectorAll(".thread > .lines tr:last-child")].map(r => r.cells[1].innerText).join()`, "3,8")
		b.Expect("state of the checks", `document.getElementById("checks-title").innerText.trim()`, "Some checks were not successful")
		b.Expect("hidden marker", `document.body.innerText.includes("marker")`, "false")
		b.Picture("conversation")
	})
	t.Run("checks", func(t *testing.T) {
		b.T = t
		b.Look(pull+"/checks", 1280, "light")
		b.Expect("conclusion", `document.querySelector(".run-head .conclusion").innerText`, "failure")
		b.Expect("title", `document.querySelector(".run-head h3").innerText.trim()`, "2 new findings (2 high)")
		b.Expect("annotations", `[...document.querySelectorAll(".annotation")].map(a => a.querySelector("h4").innerText).join()`,
			"KMS104 rotation-turned-off,KMS216 no-explicit-policy")
		b.Expect("table", `document.querySelector(".run-text table").rows[1].cells[0].innerText`, "2")
		b.Expect("details are closed", `document.querySelector(".run-text details").open`, "false")
		b.Picture("checks")
	})
	t.Run("every width and scheme", func(t *testing.T) {
		b.T = t
		schemes(t, b, pull)
	})
	t.Run("after the fix", func(t *testing.T) {
		b.T = t
		w.fix(p, comments)
		b.Look(pull, 1280, "light")
		b.Expect("first comment", `document.getElementById("discussion_r`+itoa(comments[0])+`").closest("details.thread-closed").open`, "false")
		b.Expect("its reason", `document.querySelector(".thread-closed summary").innerText.includes("comment marked as resolved")`, "true")
		b.Expect("reactions", `[...document.querySelectorAll(".reaction")].map(r => r.className).join()`, "reaction reaction-eyes,reaction reaction-rocket")
		b.Expect("state of the checks", `document.getElementById("checks-title").innerText.trim()`, "All checks have passed")
		b.Picture("fixed")
		b.Look(pull+"/checks", 1280, "light")
		b.Expect("runs of both heads", `[...document.querySelectorAll(".runs .small")].map(r => r.innerText).join()`, "success,failure")
		b.Picture("fixed-checks")
		b.Look(pull, 400, "dark")
		b.Picture("fixed-400-dark")
	})
	b.Quiet(w.url)
}

// schemes looks at every page in every width and colour scheme: nothing is wider than the window, and the colours
// follow the scheme.
func schemes(t *testing.T, b *browsertest.Tab, pull string) {
	t.Helper()
	for scheme, background := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"} {
		for _, width := range []int64{1280, 400} {
			for _, path := range []string{"", "/files", "/checks"} {
				b.Look(pull+path, width, scheme)
				b.Expect(path+" background "+scheme, `getComputedStyle(document.body).backgroundColor`, background)
				b.Expect(path+" width", `document.documentElement.scrollWidth <= innerWidth`, "true")
				b.Expect(path+" contrast", browsertest.Contrast, "")
				b.Picture(strings.Trim("all-"+strings.TrimPrefix(path, "/"), "-") + "-" + itoa(width) + "-" + scheme)
			}
		}
	}
}

func TestHostileContentHasNoEffect(t *testing.T) {
	ctx := browsertest.Start(t)
	w := newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a page loaded %s from elsewhere", r.URL)
	}))
	defer elsewhere.Close()
	p := w.attack(elsewhere.URL)
	sha, path := p.HeadSHA(), must(p.Files())(t)[0].Path
	b := browsertest.NewTab(ctx, t)
	b.Pictures = *screenshots
	pull := w.url + "/acme/platform/pull/1"
	for name, url := range map[string]string{
		"hostile-index": w.url + "/", "hostile-conversation": pull, "hostile-files": pull + "/files", "hostile-checks": pull + "/checks",
		"hostile-file": w.url + "/acme/platform/blob/" + sha + "/" + pathEscape(path),
	} {
		b.Look(url, 1280, "light")
		b.Expect(name+": elements that act", `document.querySelectorAll("script, img, iframe, form, button, style, object, embed, input:not([disabled])").length`, "0")
		b.Expect(name+": handlers", `[...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on") || a.name == "style")).length`, "0")
		b.Expect(name+": addresses", `[...document.links].filter(a => !/^https?:/.test(a.href)).length`, "0")
		b.Expect(name+": title", `document.title == "owned"`, "false")
		b.Expect(name+": all is inside", `[...document.body.children].map(e => e.tagName).join()`, "A,HEADER,MAIN")
		b.Picture(name)
	}
	b.Look(pull, 1280, "light")
	b.Expect("structure of the conversation", `!!document.querySelector("#content > .columns > div > .merge")`, "true")
	b.Expect("@mention in code is no mention", `[...document.querySelectorAll("code .mention, td .mention")].length`, "0")
	b.Look(pull+"/files", 1280, "light")
	b.Expect("direction of text is visible", `document.querySelector("main").innerText.includes("\\u202e")`, "true")
	b.Quiet(w.url)
}
