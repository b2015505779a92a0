package doctor

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const cpuDir = "/sys/devices/system/cpu"

// workers are the CPUs of workers and mirror lcores, ascending.
func (e *exam) workers() (cpus []int) {
	for _, lcore := range e.cfg.EAL.All() {
		cpus = append(cpus, lcore.CPU)
	}
	slices.Sort(cpus)
	return cpus
}

// mainCPU is that of the main lcore as the gateway would choose it if it may use all CPUs.
func (e *exam) mainCPU() int {
	if e.cfg.EAL.MainLcore >= 0 {
		return e.cfg.EAL.MainLcore
	}
	for _, cpu := range e.cpus(cpuDir + "/online") {
		if !slices.Contains(e.workers(), cpu) {
			return cpu
		}
	}
	return 0
}

// without returns the CPUs of the first list that are not in the second.
func without(cpus, others []int) (rest []int) {
	for _, cpu := range cpus {
		if !slices.Contains(others, cpu) {
			rest = append(rest, cpu)
		}
	}
	return rest
}

// common returns the CPUs that are in both lists.
func common(cpus, others []int) (both []int) {
	for _, cpu := range cpus {
		if slices.Contains(others, cpu) {
			both = append(both, cpu)
		}
	}
	return both
}

// format writes CPUs as "CPU 3" or "CPUs 3, 4".
func format(cpus []int) string {
	if len(cpus) == 1 {
		return "CPU " + list(cpus)
	}
	return "CPUs " + list(cpus)
}

// list writes CPUs as the kernel reads them.
func list(cpus []int) string {
	var texts []string
	for _, cpu := range cpus {
		texts = append(texts, strconv.Itoa(cpu))
	}
	return strings.Join(texts, ",")
}

func (e *exam) workersOnline() {
	missing := without(append(e.workers(), e.mainCPU()), e.cpus(cpuDir+"/online"))
	if len(missing) > 0 {
		e.findf("worker-cpu-absent", "name CPUs of "+cpuDir+"/online in [eal] lcores and main_lcore, or bring it online", "%s of [eal] lcores or main_lcore does not exist or is offline", format(missing))
	}
}

func (e *exam) isolation() {
	workers := e.workers()
	isolated := slices.Concat(e.cpus(cpuDir+"/isolated"), e.bootList("isolcpus"))
	if open := without(workers, isolated); len(open) > 0 {
		e.findf("worker-not-isolated", "add isolcpus="+list(workers)+" to the kernel's command line and reboot",
			"the scheduler may put other processes on %s, where a worker polls", format(open))
	}
	noTicks := slices.Concat(e.cpus(cpuDir+"/nohz_full"), e.bootList("nohz_full"))
	if ticking := without(workers, noTicks); len(ticking) > 0 {
		e.findf("worker-ticks", "add nohz_full="+list(workers)+" to the kernel's command line and reboot",
			"the timer tick interrupts the worker on %s", format(ticking))
	}
	offloaded := slices.Concat(noTicks, e.bootList("rcu_nocbs")) // nohz_full implies it
	if busy := without(workers, offloaded); len(busy) > 0 {
		e.findf("worker-rcu-callbacks", "add rcu_nocbs="+list(workers)+" to the kernel's command line and reboot",
			"the kernel runs RCU callbacks on %s, where a worker polls", format(busy))
	}
}

// governors looks at how the kernel clocks the workers; a virtual machine says nothing of it.
func (e *exam) governors() {
	var slow []int
	for _, cpu := range e.workers() {
		governor := e.text(fmt.Sprintf("%s/cpu%d/cpufreq/scaling_governor", cpuDir, cpu))
		if governor != "" && governor != "performance" {
			slow = append(slow, cpu)
		}
	}
	if len(slow) > 0 {
		e.findf("governor", "write performance to "+cpuDir+"/cpuN/cpufreq/scaling_governor of each",
			"the frequency governor of %s is not performance", format(slow))
	}
}

func (e *exam) siblings() {
	workers := e.workers()
	busy := append(slices.Clone(workers), e.mainCPU())
	isolated := slices.Concat(e.cpus(cpuDir+"/isolated"), e.bootList("isolcpus"))
	for _, cpu := range workers {
		others := without(e.cpus(fmt.Sprintf("%s/cpu%d/topology/thread_siblings_list", cpuDir, cpu)), []int{cpu})
		if shared := common(others, busy); len(shared) > 0 {
			e.findf("smt-shared", "name CPUs of different cores in [eal] lcores and main_lcore",
				"CPU %d is on the same core as %s, which mirrorgw uses too", cpu, format(shared))
		} else if open := without(common(others, e.cpus(cpuDir+"/online")), isolated); len(open) > 0 {
			e.findf("smt-busy", "isolate it too, or take it offline with \"echo 0 > "+cpuDir+"/cpu"+list(open[:1])+"/online\"",
				"CPU %d, where a worker polls, is on the same core as %s, which other processes use", cpu, format(open))
		}
	}
}

// interrupts looks at those that a driver handles; what the kernel did not place has the list that
// was asked for.
func (e *exam) interrupts() {
	workers := e.workers()
	var bound []string
	for _, irq := range e.names("/proc/irq", "[0-9]*") {
		dir := "/proc/irq/" + irq
		effective := e.text(dir + "/effective_affinity_list")
		if effective == "" {
			effective = e.text(dir + "/smp_affinity_list")
		}
		if e.handled(dir) && len(common(cpuList(effective), workers)) > 0 {
			bound = append(bound, irq)
		}
	}
	if len(bound) > 0 {
		e.findf("irq-on-worker", "move them with \"mirrorgw-host irq --workers "+list(workers)+"\"",
			"interrupts %s are handled on %s, where workers poll", strings.Join(bound, ", "), format(workers))
	}
	if len(e.processes("irqbalance")) > 0 {
		e.find("irqbalance", "irqbalance runs and may move interrupts to workers' CPUs", "end it, or set IRQBALANCE_BANNED_CPULIST="+list(workers)+" in /etc/default/irqbalance")
	}
}

// handled says whether a driver has asked for an interrupt: it has a directory of its own then.
func (e *exam) handled(dir string) bool {
	return slices.ContainsFunc(e.names(dir, "*"), func(name string) bool {
		info, err := os.Stat(e.tree.path(dir + "/" + name))
		return err == nil && info.IsDir()
	})
}

func (e *exam) watchdog() {
	if n, ok := e.number("/proc/sys/kernel/nmi_watchdog"); ok && n != 0 {
		e.find("watchdog", "the kernel's hard-lockup watchdog interrupts every CPU", "set kernel.nmi_watchdog = 0 with sysctl")
	}
}

func (e *exam) clocksource() {
	current := e.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	if current != "" && current != "tsc" && current != "kvm-clock" {
		e.findf("clocksource", "see in the kernel's log why, and what the firmware can do; a virtual machine needs an invariant TSC",
			"the kernel's clock source is %s and not tsc", current)
	}
}
