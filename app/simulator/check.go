package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// checkSuite gathers an App's check runs on a commit.
type checkSuite struct {
	id      int64
	nodeID  string
	repo    *Repository
	sha     string
	branch  string
	own     bool // of the App under test
	created time.Time
}

// checkRun is one run.
type checkRun struct {
	id          int64
	nodeID      string
	suite       *checkSuite
	name        string
	status      string
	conclusion  string
	externalID  string
	detailsURL  string
	started     time.Time
	completed   time.Time
	title       string
	summary     string
	text        string
	annotations []Annotation
	actions     []checkAction
}

// Annotation is a remark on lines of a file.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"`
	Message     string `json:"message"`
	Title       string `json:"title"`
	RawDetails  string `json:"raw_details"`
}

type checkAction struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// checkInput is the body of both requests; HeadSHA only when a run is created.
type checkInput struct {
	Name        *string       `json:"name"`
	HeadSHA     *string       `json:"head_sha"`
	DetailsURL  *string       `json:"details_url"`
	ExternalID  *string       `json:"external_id"`
	Status      *string       `json:"status"`
	Conclusion  *string       `json:"conclusion"`
	StartedAt   *time.Time    `json:"started_at"`
	CompletedAt *time.Time    `json:"completed_at"`
	Output      *checkOutput  `json:"output"`
	Actions     []checkAction `json:"actions"`
}

type checkOutput struct {
	Title       *string      `json:"title"`
	Summary     *string      `json:"summary"`
	Text        *string      `json:"text"`
	Annotations []Annotation `json:"annotations"`
}

func createCheckRun(c *call) reply {
	var in checkInput
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if in.Name == nil || strings.TrimSpace(*in.Name) == "" {
		return invalid("name", "name wasn't supplied")
	}
	if in.HeadSHA == nil || !objectName.MatchString(*in.HeadSHA) {
		return invalid("head_sha", "head_sha must be a full commit id")
	}
	if _, kind, err := c.repo.objects.resolve(*in.HeadSHA); err != nil || kind != "commit" {
		return invalid("head_sha", "No commit found for SHA: %s", *in.HeadSHA)
	}
	if refused := checkFields(&in, true); refused != nil {
		return *refused
	}
	run := &checkRun{id: c.sim.newID(), suite: c.repo.suite(*in.HeadSHA, true), name: *in.Name, status: "queued", started: c.sim.clock()}
	run.nodeID = c.sim.nodeID("CR", run.id)
	c.sim.nodes[run.nodeID] = run
	c.repo.checkRuns = append(c.repo.checkRuns, run)
	run.apply(&in, c.sim.clock())
	c.repo.noteCheck(run)
	events := []string{"created"}
	if run.status == "completed" {
		events = append(events, "completed")
	}
	return c.checkReply(http.StatusCreated, run, events)
}

// updateCheckRun changes a run. Annotations are appended (OAS), everything else replaces.
func updateCheckRun(c *call) reply {
	run := c.repo.checkRun(c.id("id"))
	if run == nil {
		return notFound()
	}
	if !run.suite.own { // docs:rest/guides/using-the-rest-api-to-interact-with-checks
		return failure(http.StatusForbidden, "Invalid app_id `"+decimal(c.sim.app.id)+"` - check run can only be modified by the GitHub App that created it.")
	}
	var in checkInput
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	if in.HeadSHA != nil {
		return invalid("head_sha", "head_sha is not a permitted key")
	}
	if refused := checkFields(&in, false); refused != nil {
		return *refused
	}
	if run.status == "completed" && in.Status != nil && *in.Status != "completed" {
		return invalid("status", "a completed run does not start again") // not documented, so refused
	}
	was := run.status
	run.apply(&in, c.sim.clock())
	var events []string
	if was != "completed" && run.status == "completed" {
		c.repo.noteCheck(run)
		events = []string{"completed"}
	}
	return c.checkReply(http.StatusOK, run, events)
}

func (c *call) checkReply(status int, run *checkRun, events []string) reply {
	for _, event := range events {
		if err := c.sim.emitCheckRun(run, event, c.sim.app.bot); err != nil {
			return failure(http.StatusInternalServerError, err.Error())
		}
	}
	return reply{status: status, body: c.sim.checkRunJSON(run)}
}

// noteCheck puts a run into the timeline of the pull requests with its head.
func (r *Repository) noteCheck(run *checkRun) {
	for _, p := range r.pulls {
		if p.headSHA == run.suite.sha {
			p.note(Event{Kind: "check run", Actor: r.sim.app.bot.login, SHA: run.suite.sha,
				Text: strings.TrimSpace(run.status + " " + run.conclusion), CheckRunID: run.id})
		}
	}
}

func (run *checkRun) apply(in *checkInput, now time.Time) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&run.name, in.Name)
	set(&run.detailsURL, in.DetailsURL)
	set(&run.externalID, in.ExternalID)
	set(&run.status, in.Status)
	if in.StartedAt != nil {
		run.started = *in.StartedAt
	}
	if in.Conclusion != nil { // OAS: "Providing conclusion will automatically set the status parameter to completed"
		run.conclusion, run.status = *in.Conclusion, "completed"
		run.completed = now
	}
	if in.CompletedAt != nil {
		run.completed = *in.CompletedAt
	}
	if in.Output != nil {
		set(&run.title, in.Output.Title)
		set(&run.summary, in.Output.Summary)
		set(&run.text, in.Output.Text)
		run.annotations = append(run.annotations, in.Output.Annotations...)
	}
	if in.Actions != nil {
		run.actions = in.Actions
	}
}

// suite finds or makes the suite of an App on a commit.
func (r *Repository) suite(sha string, own bool) *checkSuite {
	for _, cs := range r.suites {
		if cs.sha == sha && cs.own == own {
			return cs
		}
	}
	cs := &checkSuite{id: r.sim.newID(), repo: r, sha: sha, own: own, created: r.sim.clock()}
	cs.nodeID = r.sim.nodeID("CS", cs.id)
	for _, p := range r.pulls {
		if p.headSHA == sha && !p.fork() { // of a fork the branch is null: OAS, check_suite
			cs.branch = p.headRef
		}
	}
	r.sim.nodes[cs.nodeID] = cs
	r.suites = append(r.suites, cs)
	return cs
}

func (r *Repository) checkRun(id int64) *checkRun {
	for _, run := range r.checkRuns {
		if run.id == id {
			return run
		}
	}
	return nil
}

// checkFields refuses what the Checks API refuses. Bounds: OAS, checks/create and checks/update.
func checkFields(in *checkInput, creating bool) *reply {
	for _, check := range []func() (string, string){
		func() (string, string) { return checkStatus(in) },
		func() (string, string) { return checkOutputFields(in.Output, creating) },
		func() (string, string) { return checkActions(in.Actions) },
	} {
		if field, problem := check(); problem != "" {
			rep := invalid(field, "%s", problem)
			return &rep
		}
	}
	return nil
}

func checkStatus(in *checkInput) (field, problem string) {
	conclusions := " action_required cancelled failure neutral success skipped timed_out "
	if in.Status != nil && !strings.Contains(" queued in_progress completed ", " "+*in.Status+" ") {
		return "status", "status is not one an App may set" // waiting, requested and pending are GitHub Actions' own (OAS)
	}
	if in.Conclusion != nil && !strings.Contains(conclusions, " "+*in.Conclusion+" ") {
		return "conclusion", "conclusion is not one an App may set" // stale is GitHub's own (OAS)
	}
	completed := in.Status != nil && *in.Status == "completed" || in.CompletedAt != nil
	if completed && in.Conclusion == nil { // OAS: required with completed_at or a status of completed
		return "conclusion", "conclusion is required for a completed run"
	}
	if in.Conclusion != nil && in.Status != nil && *in.Status != "completed" {
		return "status", "status contradicts the conclusion" // which of the two wins is not documented, so refused
	}
	if in.DetailsURL != nil && !strings.HasPrefix(*in.DetailsURL, "https://") && !strings.HasPrefix(*in.DetailsURL, "http://") {
		return "details_url", "details_url must use the http or https protocol"
	}
	return "", ""
}

// maxOutput is the longest summary and text, in characters (OAS, maxLength).
const maxOutput = 65535

func checkOutputFields(o *checkOutput, creating bool) (field, problem string) {
	if o == nil {
		return "", ""
	}
	switch {
	case o.Summary == nil, creating && o.Title == nil: // OAS: required of output
		return "output", "output needs a title and a summary"
	case utf8.RuneCountInString(*o.Summary) > maxOutput:
		return "output.summary", "summary exceeds a maximum length of 65535"
	case o.Text != nil && utf8.RuneCountInString(*o.Text) > maxOutput:
		return "output.text", "text exceeds a maximum length of 65535"
	case len(o.Annotations) > 50:
		return "output.annotations", "no more than 50 annotations in a request"
	}
	for i := range o.Annotations {
		if problem := checkAnnotation(&o.Annotations[i]); problem != "" {
			return fmt.Sprintf("output.annotations[%d]", i), problem
		}
	}
	return "", ""
}

// checkAnnotation has the bounds of one annotation: message and raw_details 64 KB, title 255 characters, lines from
// 1, columns only on one line (OAS).
func checkAnnotation(a *Annotation) string {
	switch {
	case a.Path == "" || a.Message == "":
		return "path and message are required"
	case !strings.Contains(" notice warning failure ", " "+a.Level+" "):
		return "annotation_level is not included in the list"
	case a.StartLine < 1 || a.EndLine < a.StartLine:
		return "start_line and end_line must be lines from 1, in order"
	case (a.StartColumn != nil || a.EndColumn != nil) && a.StartLine != a.EndLine:
		return "columns are supported on one line only"
	case len(a.Message) > 64<<10 || len(a.RawDetails) > 64<<10:
		return "message and raw_details are at most 64 KB"
	case utf8.RuneCountInString(a.Title) > 255:
		return "title is at most 255 characters"
	}
	return ""
}

func checkActions(actions []checkAction) (field, problem string) {
	if len(actions) > 3 {
		return "actions", "no more than three actions"
	}
	for _, a := range actions {
		if a.Label == "" || a.Description == "" || a.Identifier == "" || utf8.RuneCountInString(a.Label) > 20 ||
			utf8.RuneCountInString(a.Description) > 40 || utf8.RuneCountInString(a.Identifier) > 20 {
			return "actions", "label, description and identifier are required, with at most 20, 40 and 20 characters"
		}
	}
	return "", ""
}
