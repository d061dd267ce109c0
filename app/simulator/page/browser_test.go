package page_test

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "directory for pictures of the pages")

// browser starts a headless Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		path, err = exec.LookPath("google-chrome")
	}
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("KMS_REVIEW_REQUIRE"), ","), "chromium") {
			t.Fatalf("chromium is demanded by KMS_REVIEW_REQUIRE: %v", err)
		}
		t.Skip("chromium is not installed")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // events newer than the library
	t.Cleanup(cancel)
	check(t, chromedp.Do(ctx))
	return ctx
}

// tab is one page in the browser and what it complained about.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
	requests   []string
}

func newTab(parent context.Context, t *testing.T) *tab {
	t.Helper()
	b := &tab{t: t}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithListener(b.event))
	t.Cleanup(cancel)
	b.ctx = ctx
	check(t, chromedp.Do(ctx)) // opens the tab, with the domains of network, log and runtime on
	return b
}

// event notes violations of the policy, failed loads and errors of scripts: all of them come to the console.
func (b *tab) event(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *cdplog.EventEntryAdded:
		b.complaints = append(b.complaints, string(e.Entry.Source)+": "+e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

// look opens a page with a width and a colour scheme.
func (b *tab) look(url string, width int64, scheme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	check(b.t, err)
	check(b.t, chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url)))
}

// eval runs an expression of the test in the page and returns its value.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	return must(chromedp.Run(b.ctx, chromedp.Evaluate[string]("String("+expression+")")))(b.t)
}

func (b *tab) expect(what, expression, want string) {
	b.t.Helper()
	if got := b.eval(expression); got != want {
		b.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// quiet asserts that the console stayed empty and nothing was loaded from elsewhere.
func (b *tab) quiet(origin string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("the console says: %s", c)
	}
	for _, url := range b.requests {
		if !strings.HasPrefix(url, origin+"/") {
			b.t.Errorf("the page loaded %s", url)
		}
	}
	if len(b.requests) == 0 {
		b.t.Error("no request was seen: this test sees nothing")
	}
}

func (b *tab) picture(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	png := must(chromedp.Run(b.ctx, chromedp.FullScreenshot(100)))(b.t)
	check(b.t, os.MkdirAll(*screenshots, 0o755))
	check(b.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644))
}

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
	ctx := browser(t)
	w := newWorld(t)
	p, comments := w.failing()
	pull := w.url + "/acme/platform/pull/1"
	b := newTab(ctx, t)

	t.Run("files", func(t *testing.T) {
		b.t = t
		b.look(pull+"/files", 1280, "light")
		b.expect("line of the first comment", lineOf(comments[0]), "3 enable_key_rotation     = false")
		b.expect("line of the second comment", lineOf(comments[1]), `8 description = "second"`)
		b.expect("first suggestion", suggested(comments[0]), "3||−  enable_key_rotation     = false\n|3|+  enable_key_rotation     = true")
		b.expect("second suggestion", suggested(comments[1]), "7|7|resource \"aws_kms_key\" \"second\" {\n"+
			"8||−  description = \"second\"\n|8|+  description         = \"second\"\n|9|+  enable_key_rotation = true")
		b.expect("annotation", `document.querySelector(".remark-failure summary").innerText.trim()`, "Failure · KMS Review · KMS104 rotation-turned-off")
		b.picture("files")
	})
	t.Run("conversation", func(t *testing.T) {
		b.t = t
		b.look(pull, 1280, "light")
		b.expect("suggestion", suggested(comments[0]), "3||−  enable_key_rotation     = false\n|3|+  enable_key_rotation     = true")
		b.expect("last line of the hunk above", `[...document.querySelectorAll(".thread > .lines tr:last-child")].map(r => r.cells[1].innerText).join()`, "3,8")
		b.expect("state of the checks", `document.getElementById("checks-title").innerText.trim()`, "Some checks were not successful")
		b.expect("hidden marker", `document.body.innerText.includes("marker")`, "false")
		b.picture("conversation")
	})
	t.Run("checks", func(t *testing.T) {
		b.t = t
		b.look(pull+"/checks", 1280, "light")
		b.expect("conclusion", `document.querySelector(".run-head .conclusion").innerText`, "failure")
		b.expect("title", `document.querySelector(".run-head h3").innerText.trim()`, "2 new findings (2 high)")
		b.expect("annotations", `[...document.querySelectorAll(".annotation")].map(a => a.querySelector("h4").innerText).join()`,
			"KMS104 rotation-turned-off,KMS216 no-explicit-policy")
		b.expect("table", `document.querySelector(".run-text table").rows[1].cells[0].innerText`, "2")
		b.expect("details are closed", `document.querySelector(".run-text details").open`, "false")
		b.picture("checks")
	})
	t.Run("every width and scheme", func(t *testing.T) {
		b.t = t
		schemes(t, b, pull)
	})
	t.Run("after the fix", func(t *testing.T) {
		b.t = t
		w.fix(p, comments)
		b.look(pull, 1280, "light")
		b.expect("first comment", `document.getElementById("discussion_r`+itoa(comments[0])+`").closest("details.thread-closed").open`, "false")
		b.expect("its reason", `document.querySelector(".thread-closed summary").innerText.includes("comment marked as resolved")`, "true")
		b.expect("reactions", `[...document.querySelectorAll(".reaction")].map(r => r.className).join()`, "reaction reaction-eyes,reaction reaction-rocket")
		b.expect("state of the checks", `document.getElementById("checks-title").innerText.trim()`, "All checks have passed")
		b.picture("fixed")
		b.look(pull+"/checks", 1280, "light")
		b.expect("runs of both heads", `[...document.querySelectorAll(".runs .small")].map(r => r.innerText).join()`, "success,failure")
		b.picture("fixed-checks")
		b.look(pull, 400, "dark")
		b.picture("fixed-400-dark")
	})
	b.quiet(w.url)
}

// schemes looks at every page in every width and colour scheme: nothing is wider than the window, and the colours
// follow the scheme.
func schemes(t *testing.T, b *tab, pull string) {
	t.Helper()
	for scheme, background := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"} {
		for _, width := range []int64{1280, 400} {
			for _, path := range []string{"", "/files", "/checks"} {
				b.look(pull+path, width, scheme)
				b.expect(path+" background "+scheme, `getComputedStyle(document.body).backgroundColor`, background)
				b.expect(path+" width", `document.documentElement.scrollWidth <= innerWidth`, "true")
				b.expect(path+" contrast", contrast, "")
				b.picture(strings.Trim("all-"+strings.TrimPrefix(path, "/"), "-") + "-" + itoa(width) + "-" + scheme)
			}
		}
	}
}

// contrast lists text whose colour differs too little from its background: below 4.5 to 1, the bound of WCAG 2.2
// (https://www.w3.org/TR/WCAG22/#contrast-minimum).
const contrast = `(() => {
	const rgb = c => c.match(/[\d.]+/g).map(Number);
	const luminance = c => { const [r, g, b] = rgb(c).slice(0, 3).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
		return .2126 * r + .7152 * g + .0722 * b; };
	const background = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (rgb(c)[3] !== 0) return c; } return "rgb(255, 255, 255)"; };
	const bad = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest("svg")) continue;
		const [a, b] = [luminance(getComputedStyle(e).color), luminance(background(e))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 4.5) bad.add(e.tagName + "." + e.className + " " + ((a + .05) / (b + .05)).toFixed(2));
	}
	return [...bad].join(", ");
})()`

func TestHostileContentHasNoEffect(t *testing.T) {
	ctx := browser(t)
	w := newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a page loaded %s from elsewhere", r.URL)
	}))
	defer elsewhere.Close()
	p := w.attack(elsewhere.URL)
	sha, path := p.HeadSHA(), must(p.Files())(t)[0].Path
	b := newTab(ctx, t)
	pull := w.url + "/acme/platform/pull/1"
	for name, url := range map[string]string{
		"hostile-index": w.url + "/", "hostile-conversation": pull, "hostile-files": pull + "/files", "hostile-checks": pull + "/checks",
		"hostile-file": w.url + "/acme/platform/blob/" + sha + "/" + pathEscape(path),
	} {
		b.look(url, 1280, "light")
		b.expect(name+": elements that act", `document.querySelectorAll("script, img, iframe, form, button, style, object, embed, input:not([disabled])").length`, "0")
		b.expect(name+": handlers", `[...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => a.name.startsWith("on") || a.name == "style")).length`, "0")
		b.expect(name+": addresses", `[...document.links].filter(a => !/^https?:/.test(a.href)).length`, "0")
		b.expect(name+": title", `document.title == "owned"`, "false")
		b.expect(name+": all is inside", `[...document.body.children].map(e => e.tagName).join()`, "A,HEADER,MAIN")
		b.picture(name)
	}
	b.look(pull, 1280, "light")
	b.expect("structure of the conversation", `!!document.querySelector("#content > .columns > div > .merge")`, "true")
	b.expect("@mention in code is no mention", `[...document.querySelectorAll("code .mention, td .mention")].length`, "0")
	b.look(pull+"/files", 1280, "light")
	b.expect("direction of text is visible", `document.querySelector("main").innerText.includes("\\u202e")`, "true")
	b.quiet(w.url)
}
