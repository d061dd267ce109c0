package page

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-review/kms-review/app/simulator"
)

// runView is a check run with the colour of its state.
type runView struct {
	simulator.CheckRun
	Mark string // "success", "failure", "neutral", "pending"
}

// State is how the run stands, in words.
func (r runView) State() string {
	if r.Status != "completed" {
		return strings.ReplaceAll(r.Status, "_", " ")
	}
	return strings.ReplaceAll(r.Conclusion, "_", " ")
}

// Took is how long it ran, "" where that is not known, not over, or below GitHub's precision of a second.
func (r runView) Took() string {
	if d := r.Completed.Sub(r.Started); r.Status == "completed" && !r.Started.IsZero() && d >= time.Second {
		return d.Round(time.Second).String()
	}
	return ""
}

func viewRun(run simulator.CheckRun) runView {
	mark := "pending"
	if run.Status == "completed" {
		switch run.Conclusion {
		case "success":
			mark = "success"
		case "neutral", "skipped", "stale":
			mark = "neutral"
		default:
			mark = "failure"
		}
	}
	return runView{CheckRun: run, Mark: mark}
}

// latest keeps the newest run of each App and name.
func latest(runs []simulator.CheckRun) []runView {
	var views []runView
	for _, run := range slices.Backward(runs) {
		older := slices.ContainsFunc(views, func(v runView) bool { return v.Name == run.Name && v.App == run.App })
		if !older {
			views = append(views, viewRun(run))
		}
	}
	slices.Reverse(views)
	return views
}

// allRuns lists the runs on all heads that the pull request has had, newest head first.
func allRuns(p *simulator.Pull) []simulator.CheckRun {
	heads := []string{p.HeadSHA()}
	for _, e := range slices.Backward(p.Timeline()) {
		if (e.Kind == "opened" || e.Kind == "pushed") && !slices.Contains(heads, e.SHA) {
			heads = append(heads, e.SHA)
		}
	}
	var runs []simulator.CheckRun
	for _, sha := range heads {
		list := p.Repository().CheckRuns(sha)
		slices.Reverse(list)
		runs = append(runs, list...)
	}
	return runs
}

// checksPage is the third tab.
type checksPage struct {
	frame
	Commits     []runGroup
	Run         *runView
	Summary     template.HTML
	Text        template.HTML
	Annotations []annotationView
	More        int // annotations beyond the shown ones
}

// runGroup is the runs on one commit.
type runGroup struct {
	SHA  string
	Head bool
	Runs []runView
}

// annotationView is an annotation with where its lines can be read.
type annotationView struct {
	simulator.Annotation
	Place string
	Link  string
}

// maxAnnotations bounds a page; a run may have thousands.
const maxAnnotations = 500

func (s *site) checks(w http.ResponseWriter, r *http.Request) {
	p, found := s.pull(w, r)
	if !found {
		return
	}
	data := checksPage{frame: s.frame(p, "checks", "Checks · ")}
	wanted := r.URL.Query().Get("check_run_id")
	for _, run := range allRuns(p) {
		v := viewRun(run)
		data.add(v)
		if data.Run == nil && (wanted == "" || wanted == strconv.FormatInt(run.ID, 10)) {
			data.Run = &v
		}
	}
	if data.Run == nil && wanted != "" {
		s.missing(w, "There is no check run "+wanted+" on this pull request.")
		return
	}
	if data.Run != nil {
		data.Summary = s.markdown.render(data.Run.Summary, nil)
		data.Text = s.markdown.render(data.Run.Text, nil)
		data.annotate()
	}
	s.show(w, http.StatusOK, "checks", data)
}

func (c *checksPage) add(v runView) {
	last := len(c.Commits) - 1
	if last < 0 || c.Commits[last].SHA != v.HeadSHA {
		c.Commits = append(c.Commits, runGroup{SHA: v.HeadSHA, Head: v.HeadSHA == c.Pull.State.HeadSHA})
		last++
	}
	c.Commits[last].Runs = append(c.Commits[last].Runs, v)
}

func (c *checksPage) annotate() {
	list := c.Run.Annotations
	if len(list) > maxAnnotations {
		c.More = len(list) - maxAnnotations
		list = list[:maxAnnotations]
	}
	for _, a := range list {
		v := annotationView{Annotation: a, Place: place(a.StartLine, a.EndLine)}
		v.Link = fmt.Sprintf("/%s/blob/%s/%s?lines=%d-%d#L%d", c.Pull.Repo, c.Run.HeadSHA, escapePath(a.Path), a.StartLine, a.EndLine, a.StartLine)
		c.Annotations = append(c.Annotations, v)
	}
}

// run leads from the address of a check run to its page.
func (s *site) run(w http.ResponseWriter, r *http.Request) {
	repo, found := s.repository(w, r)
	if !found {
		return
	}
	for _, p := range slices.Backward(repo.Pulls()) {
		for _, run := range allRuns(p) {
			if id := strconv.FormatInt(run.ID, 10); id == r.PathValue("id") {
				to := fmt.Sprintf("/%s/pull/%d/checks?check_run_id=%s", repo.FullName(), p.Number(), id)
				http.Redirect(w, r, to, http.StatusFound) //nolint:gosec // it begins with a slash and a name that the simulator has checked
				return
			}
		}
	}
	s.missing(w, "There is no check run "+r.PathValue("id")+".")
}
