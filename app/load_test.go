package app_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/store/storetest"
)

var (
	loadRepositories = flag.Int("load.repositories", 12, "repositories of the organisation in TestOrganisation")
	loadTerraform    = flag.Int("load.terraform", 4, "of these, those with Terraform")
	loadPushes       = flag.Int("load.pushes", 3, "pushes to default branches of the day in TestOrganisation")
	loadPulls        = flag.Int("load.pulls", 2, "pull requests that are opened during the first scan")
	loadReplicas     = flag.Int("load.replicas", 2, "processes in TestOrganisationReplicas")
)

// TestOrganisation scans an organisation for the first time while pull requests are opened, lives through a night in
// which nothing has changed, and through a day of pushes. What it costs is printed:
//
//	go test ./app -run TestOrganisation$ -v -load.repositories 1000 -load.terraform 300 -load.pushes 200 -load.pulls 20
func TestOrganisation(t *testing.T) {
	t.Parallel()
	w := newGitHub(t)
	w.opts.SummarySettle, w.opts.SummaryEvery = 100*time.Millisecond, 2*time.Second
	o := newLoad(w)
	w.start()
	o.firstScan()
	o.quietNight()
	o.day()
}

// TestOrganisationReplicas does the first scan with several processes on one database, one of which dies: everything is
// scanned, and there is one issue.
//
//	go test ./app -run TestOrganisationReplicas -v -load.repositories 1000 -load.terraform 300 -load.replicas 4
func TestOrganisationReplicas(t *testing.T) {
	t.Parallel()
	databases := storetest.Postgres(t, false)
	w := newGitHub(t)
	w.db = databases.URL(t)
	w.opts.SummarySettle, w.opts.SummaryEvery = 100*time.Millisecond, time.Second
	o := newLoad(w)
	apps := []*app.App{}
	for range max(2, *loadReplicas) {
		w.start()
		apps = append(apps, w.app)
	}
	w.sim.SetWebhookURL("http://" + apps[0].Addr().String() + "/webhook")
	o.firstScan()
	if edits := o.private.Issues()[0].State().Edits; edits > 200 {
		t.Errorf("the issue was edited %d times", edits)
	}
}

// load is an organisation of generated repositories.
type load struct {
	*world
	private   *simulator.Repository
	terraform []*simulator.Repository
}

func newLoad(w *world) *load {
	w.t.Helper()
	o := &load{world: w, private: w.create(".github-private", nil)}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range *loadRepositories - 1 {
		if i < *loadTerraform {
			o.terraform = append(o.terraform, w.create(fmt.Sprintf("infra-%03d", i), generated(random, i)))
			continue
		}
		w.create(fmt.Sprintf("service-%03d", i), map[string]string{"main.go": "package main\n", "README.md": "x\n"})
	}
	for _, r := range w.sim.Repositories() { // starts its git: else the first look waits for a thousand processes, as on no GitHub
		r.Head("main")
	}
	return o
}

// generated is a repository as people have them: a few environments that call modules, with keys and what they encrypt.
// Half of the repositories have fewer than 20 files, one in twenty has hundreds.
func generated(random *rand.Rand, n int) map[string]string {
	files := map[string]string{"README.md": fmt.Sprintf("repository %d\n", n)}
	roots := 2 + random.IntN(4)
	if n%20 == 7 {
		roots = 40
	}
	for m := range 2 {
		files[fmt.Sprintf("modules/m%d/main.tf", m)] = "variable \"name\" {\n  type = string\n}\n\nresource \"aws_kms_key\" \"this\" {\n  description = var.name\n}\n"
		files[fmt.Sprintf("modules/m%d/outputs.tf", m)] = "output \"arn\" {\n  value = aws_kms_key.this.arn\n}\n"
	}
	for r := range roots {
		dir := fmt.Sprintf("live/env%02d", r)
		files[dir+"/main.tf"] = fmt.Sprintf("module \"key\" {\n  source = \"../../modules/m%d\"\n  name   = \"repo%d\"\n}\n\n", r%2, n) +
			fmt.Sprintf("resource \"aws_sqs_queue\" \"jobs\" {\n  name              = \"jobs-%d\"\n  kms_master_key_id = module.key.arn\n}\n", n)
		files[dir+"/variables.tf"] = fmt.Sprintf("variable \"region\" {\n  default = \"eu-west-%d\"\n}\n# %d\n", 1+r%3, n)
		files[dir+"/network.tf"] = strings.Repeat(fmt.Sprintf("# network of %d\n", n), 40) + "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n"
	}
	if n%3 == 0 {
		files["live/env00/backup.tf"] = badKey
	}
	return files
}

// firstScan installs the App, opens pull requests meanwhile, and waits for everything.
func (o *load) firstScan() {
	o.t.Helper()
	o.sim.ResetRequests()
	began := time.Now()
	_, err := o.sim.Install("octo")
	o.must(err)
	var waits []time.Duration
	for i := range min(*loadPulls, len(o.terraform)) {
		repo := o.terraform[len(o.terraform)-1-i]
		_, err := repo.Commit("change", "Change", map[string]string{"change.tf": strings.ReplaceAll(badKey, "backup", "change")})
		o.must(err)
		opened := time.Now()
		pull, err := repo.OpenPull(simulator.PullOptions{Title: "Change", Head: "change"})
		o.must(err)
		o.check(pull, 1)
		waits = append(waits, time.Since(opened))
	}
	o.patiently("the first scan", func() bool { return strings.Contains(o.body(), fmt.Sprintf("| Scanned | %d |", len(o.terraform))) })
	took := time.Since(began)
	o.idle()
	if n := len(o.private.Issues()); n != 1 {
		o.t.Errorf("%d issues, want 1", n)
	}
	slices.Sort(waits)
	o.report("first scan", took)
	if len(waits) > 0 {
		o.t.Logf("pull requests meanwhile: %d, p50 %s, p95 %s, max %s", len(waits), waits[len(waits)/2].Round(time.Millisecond),
			waits[len(waits)*95/100].Round(time.Millisecond), waits[len(waits)-1].Round(time.Millisecond))
	}
	o.t.Logf("the issue: %d characters, %d edits", len([]rune(o.body())), o.private.Issues()[0].State().Edits)
}

func (o *load) body() string {
	all := o.private.Issues()
	if len(all) == 0 {
		return ""
	}
	return all[0].State().Body
}

// patiently waits for what takes long in a large organisation.
func (o *load) patiently(what string, holds func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(time.Minute + time.Duration(*loadRepositories)*time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("did not happen: %s", what)
		}
	}
}

func (o *load) quietNight() {
	o.t.Helper()
	edits := o.private.Issues()[0].State().Edits
	o.stop()
	o.aDayPasses()
	o.sim.ResetRequests()
	began := time.Now()
	o.start()
	o.eventually("the night's comparison", func() bool { asked, _ := o.requests(); return asked > 0 })
	o.idle()
	o.report("quiet night", time.Since(began))
	hundreds := (*loadRepositories + 99) / 100
	if asked, _ := o.requests(); asked > 2*hundreds {
		o.t.Errorf("a quiet night cost %d requests, want at most %d", asked, 2*hundreds)
	}
	if now := o.private.Issues()[0].State().Edits; now != edits {
		o.t.Error("the issue was edited in a quiet night")
	}
}

func (o *load) day() {
	o.t.Helper()
	o.sim.ResetRequests()
	began := time.Now()
	pushes := min(*loadPushes, len(o.terraform))
	for i := range pushes {
		_, err := o.terraform[i].Commit("main", "Change", map[string]string{"live/env00/variables.tf": fmt.Sprintf("# pushed %d\n", i)})
		o.must(err)
	}
	o.settle()
	o.idle()
	o.report(fmt.Sprintf("%d pushes", pushes), time.Since(began))
	if asked, _ := o.requests(); asked > 5*pushes+20 {
		o.t.Errorf("%d pushes cost %d requests", pushes, asked)
	}
}

// report prints what happened since the requests were forgotten.
func (o *load) report(what string, took time.Duration) {
	o.t.Helper()
	kinds := map[string]int{}
	for _, r := range o.sim.Requests() {
		kind := r.Method + " " + r.Path
		for _, word := range []string{"/graphql", "/git/trees/", "/git/blobs/", "/access_tokens", "/installation/repositories", "/compare/", "/check-runs", "/issues", "/reviews", "/pulls"} {
			if strings.Contains(r.Path, word) {
				kind = r.Method + " " + word
				break
			}
		}
		kinds[kind]++
	}
	asked, tokens := o.requests()
	var usage syscall.Rusage
	o.must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	o.t.Logf("%s: %s, %d requests and %d tokens %v; peak memory of this process, GitHub included, %d MB, heap now %d MB",
		what, took.Round(time.Millisecond), asked, tokens, kinds, usage.Maxrss>>10, memory.HeapAlloc>>20)
}
