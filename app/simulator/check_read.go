package simulator

import (
	"fmt"
	"net/http"
	"time"
)

// listCheckRuns lists the runs on a commit; by default the latest of each name and App (OAS, filter).
func listCheckRuns(c *call) reply {
	sha, kind, err := c.repo.objects.resolve(c.req.PathValue("ref"))
	if err != nil || kind != "commit" {
		return failure(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.req.PathValue("ref"))
	}
	q := c.req.URL.Query()
	var runs []*checkRun
	for i := len(c.repo.checkRuns) - 1; i >= 0; i-- {
		run := c.repo.checkRuns[i]
		app, _ := c.sim.appOf(run)
		wanted := run.suite.sha == sha &&
			(q.Get("check_name") == "" || q.Get("check_name") == run.name) &&
			(q.Get("status") == "" || q.Get("status") == run.status) &&
			(q.Get("app_id") == "" || q.Get("app_id") == decimal(app))
		if wanted && (q.Get("filter") == "all" || !hasNamesake(runs, run)) {
			runs = append(runs, run)
		}
	}
	list := []object{}
	for _, run := range runs {
		list = append(list, c.sim.checkRunJSON(run))
	}
	total := len(list)
	list, header := page(c, list)
	return reply{status: http.StatusOK, header: header, body: object{"total_count": total, "check_runs": list}}
}

func hasNamesake(runs []*checkRun, run *checkRun) bool {
	for _, other := range runs {
		if other.name == run.name && other.suite == run.suite {
			return true
		}
	}
	return false
}

func getCheckRun(c *call) reply {
	if run := c.repo.checkRun(c.id("id")); run != nil {
		return ok(c.sim.checkRunJSON(run))
	}
	return notFound()
}

func listAnnotations(c *call) reply {
	run := c.repo.checkRun(c.id("id"))
	if run == nil {
		return notFound()
	}
	list := []object{}
	for _, a := range run.annotations {
		list = append(list, object{
			"path": a.Path, "blob_href": c.sim.repositoryHTML(c.repo) + "/blob/" + run.suite.sha + "/" + escapePath(a.Path),
			"start_line": a.StartLine, "end_line": a.EndLine, "start_column": a.StartColumn, "end_column": a.EndColumn,
			"annotation_level": a.Level, "title": orNil(a.Title), "message": a.Message, "raw_details": orNil(a.RawDetails),
		})
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

// foreignAppID is the id of the App that is not under test.
const foreignAppID = int64(1)

// appOf is the App that made a run.
func (s *Simulator) appOf(run *checkRun) (id int64, json object) {
	json = s.appJSON()
	if run.suite.own {
		return s.app.id, json
	}
	json["id"], json["slug"], json["name"] = foreignAppID, "another-app", "Another App"
	return foreignAppID, json
}

func (s *Simulator) checkRunJSON(run *checkRun) object {
	r := run.suite.repo
	at := fmt.Sprintf("%s/check-runs/%d", s.repositoryURL(r), run.id)
	page := fmt.Sprintf("%s/runs/%d", s.repositoryHTML(r), run.id)
	_, app := s.appOf(run)
	details := run.detailsURL
	if details == "" {
		details = page
	}
	return object{
		"id": run.id, "node_id": run.nodeID, "head_sha": run.suite.sha, "name": run.name, "url": at, "html_url": page,
		"details_url": details, "external_id": run.externalID, "status": run.status, "conclusion": orNil(run.conclusion),
		"started_at": maybe(run.started), "completed_at": maybe(run.completed),
		"check_suite": object{"id": run.suite.id}, "app": app, "pull_requests": s.suitePulls(run.suite),
		"output": object{"title": orNil(run.title), "summary": orNil(run.summary), "text": orNil(run.text),
			"annotations_count": len(run.annotations), "annotations_url": at + "/annotations"},
	}
}

// suitePulls lists the open pull requests with a suite's head, none of forks (OAS, check_run: "pull_requests").
func (s *Simulator) suitePulls(cs *checkSuite) []object {
	list := []object{}
	for _, p := range cs.repo.pulls {
		if p.headSHA == cs.sha && p.state == "open" && !p.fork() {
			list = append(list, s.pullMinimalJSON(p))
		}
	}
	return list
}

// CheckRun is a check run as a page shows it.
type CheckRun struct {
	ID          int64
	Name        string
	App         string // slug
	HeadSHA     string
	Status      string
	Conclusion  string
	ExternalID  string
	DetailsURL  string
	Title       string
	Summary     string
	Text        string
	Started     time.Time
	Completed   time.Time
	Annotations []Annotation
	Actions     []string // labels
}

// CheckRuns lists the runs on a commit, oldest first.
func (r *Repository) CheckRuns(sha string) []CheckRun {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return r.viewRuns(sha)
}

// CheckRuns lists the runs on the pull request's head, oldest first.
func (p *Pull) CheckRuns() []CheckRun {
	p.repo.sim.mu.Lock()
	defer p.repo.sim.mu.Unlock()
	return p.repo.viewRuns(p.headSHA)
}

func (r *Repository) viewRuns(sha string) []CheckRun {
	var list []CheckRun
	for _, run := range r.checkRuns {
		if run.suite.sha != sha {
			continue
		}
		_, app := r.sim.appOf(run)
		slug, _ := app["slug"].(string)
		v := CheckRun{
			ID: run.id, Name: run.name, App: slug, HeadSHA: sha, Status: run.status, Conclusion: run.conclusion,
			ExternalID: run.externalID, DetailsURL: run.detailsURL, Title: run.title, Summary: run.summary, Text: run.text,
			Started: run.started, Completed: run.completed, Annotations: append([]Annotation(nil), run.annotations...),
		}
		for _, a := range run.actions {
			v.Actions = append(v.Actions, a.Label)
		}
		list = append(list, v)
	}
	return list
}

// AddForeignCheckRun puts a completed check run of another App on a commit.
func (r *Repository) AddForeignCheckRun(sha, name, conclusion string) (int64, error) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	if _, kind, err := r.objects.resolve(sha); err != nil || kind != "commit" {
		return 0, fmt.Errorf("add check run: no commit %q", sha)
	}
	now := r.sim.clock()
	run := &checkRun{id: r.sim.newID(), suite: r.suite(sha, false), name: name, status: "completed", conclusion: conclusion,
		started: now, completed: now}
	run.nodeID = r.sim.nodeID("CR", run.id)
	r.sim.nodes[run.nodeID] = run
	r.checkRuns = append(r.checkRuns, run)
	return run.id, nil
}

// Rerequest presses the re-run button of a check run. The run itself stays as it is: docs:rest/checks/runs
// #rerequest-a-check-run.
func (r *Repository) Rerequest(checkRunID int64, by string) error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	run := r.checkRun(checkRunID)
	if run == nil || !run.suite.own {
		return fmt.Errorf("rerequest check run %d: it is not the App's", checkRunID)
	}
	return r.sim.emitCheckRun(run, "rerequested", r.sim.person(by))
}

// RerequestSuite presses "re-run all" for the App on a commit.
func (r *Repository) RerequestSuite(sha, by string) error {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return r.sim.emitCheckSuite(r.suite(sha, true), "rerequested", r.sim.person(by))
}
