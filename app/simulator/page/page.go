// Package page owns the web pages of the simulated GitHub: a pull request as a reviewer would see it, with its
// conversation, changed files and checks, and issues. It only reads. Everything shown comes from a pull request and is hostile:
// no page has a script, the Content-Security-Policy allows none, and Markdown passes an allowlist.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

//go:embed templates assets
var embedded embed.FS

// policy allows our own stylesheet and icon and nothing else: whatever a page is tricked into showing, it cannot run,
// load or send anything.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// site serves the pages of one simulator.
type site struct {
	sim       *simulator.Simulator
	markdown  *markdown
	templates map[string]*template.Template
}

// New makes the handler. Its paths are those of GitHub: /OWNER/NAME/pull/N, with /files and /checks below it,
// /OWNER/NAME/issues/N and /OWNER/NAME/blob/SHA/PATH.
func New(sim *simulator.Simulator) http.Handler {
	s := &site{sim: sim, markdown: newMarkdown(sim.URL()), templates: parseTemplates()}
	mux := http.NewServeMux()
	for _, name := range []string{"style.css", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, embedded, "assets/"+name)
		})
	}
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /{owner}/{name}", s.index)
	mux.HandleFunc("GET /{owner}/{name}/pull/{number}", s.conversation)
	mux.HandleFunc("GET /{owner}/{name}/pull/{number}/files", s.files)
	mux.HandleFunc("GET /{owner}/{name}/pull/{number}/checks", s.checks)
	mux.HandleFunc("GET /{owner}/{name}/issues/{number}", s.issue)
	mux.HandleFunc("GET /{owner}/{name}/runs/{id}", s.run)
	mux.HandleFunc("GET /{owner}/{name}/blob/{sha}/{path...}", s.blob)
	mux.HandleFunc("/", s.notFound)
	return secured(mux)
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store") // the next look must show the next review
		next.ServeHTTP(w, r)
	})
}

func parseTemplates() map[string]*template.Template {
	base := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"ago": ago, "short": short, "plural": plural, "hue": hue, "initial": initial, "date": date, "levelName": levelName,
	}).ParseFS(embedded, "templates/layout.html", "templates/parts.html", "templates/icons.html"))
	set := map[string]*template.Template{}
	for _, name := range []string{"index", "conversation", "files", "checks", "blob", "issue", "missing"} {
		set[name] = template.Must(template.Must(base.Clone()).ParseFS(embedded, "templates/"+name+".html"))
	}
	return set
}

// frame is what every page has around its content.
type frame struct {
	Title   string
	Refresh bool // reload in a moment: a check has not ended
	Pull    *pullHead
}

// show renders a page. It is written as a whole, or not at all: half a page would look like the truth.
func (s *site) show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.templates[name].ExecuteTemplate(&b, "layout.html", data); err != nil {
		http.Error(w, fmt.Sprintf("render page %s: %v", name, err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader went away
}

type missing struct {
	frame
	Message string
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "these pages can only be read", http.StatusMethodNotAllowed)
		return
	}
	s.missing(w, "There is no page "+r.URL.Path+".")
}

func (s *site) missing(w http.ResponseWriter, message string) {
	s.show(w, http.StatusNotFound, "missing", missing{frame: frame{Title: "Not found"}, Message: message})
}

// repository finds the repository of a path, or answers that there is none.
func (s *site) repository(w http.ResponseWriter, r *http.Request) (*simulator.Repository, bool) {
	owner, name := r.PathValue("owner"), r.PathValue("name")
	repo, found := s.sim.Repository(owner, name)
	if !found {
		s.missing(w, "There is no repository "+owner+"/"+name+".")
	}
	return repo, found
}

// ago is a time as people say it. The exact one is in the element's title.
func ago(t time.Time) string {
	switch d := time.Since(t); {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour") + " ago"
	}
	return "on " + t.UTC().Format("2 Jan 2006")
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func short(sha string) string { return sha[:min(len(sha), 7)] }

// hue gives an account its colour: a class, since the policy allows no style on an element.
func hue(login string) int {
	sum := 0
	for _, c := range []byte(login) {
		sum = sum*31 + int(c)
	}
	return (sum%6 + 6) % 6
}

func initial(login string) string {
	for _, c := range login {
		return strings.ToUpper(string(c))
	}
	return "?"
}
