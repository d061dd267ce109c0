package simulator_test

import (
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

func TestSmoke(t *testing.T) {
	s, err := simulator.New(simulator.Options{Dir: t.TempDir()})
	if err != nil { t.Fatal(err) }
	defer s.Close()
	r, err := s.CreateRepository("acme", "infra", map[string]string{"main.tf": "a\nb\nc\n"})
	if err != nil { t.Fatal(err) }
	if _, err := s.Install("acme"); err != nil { t.Fatal(err) }
	if _, err := r.Commit("change", "Change", map[string]string{"main.tf": "a\nB\nc\n", "new.tf": "x\r\ny\n"}); err != nil { t.Fatal(err) }
	p, err := r.OpenPull(simulator.PullOptions{Title: "T", Head: "change"})
	if err != nil { t.Fatal(err) }
	files, err := p.Files()
	t.Logf("%+v %v", files, err)
	if _, err := p.Push("more", map[string]string{"main.tf": "a\nBB\nc\n"}, simulator.Delete("new.tf")); err != nil { t.Fatal(err) }
	t.Logf("%+v", p.State())
	for _, d := range s.Deliveries() { t.Log(d.Event, d.Action, len(d.Payload)) }
}
