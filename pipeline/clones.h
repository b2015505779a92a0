/* clones: machine code for more than one generation of processors. */
#ifndef MGW_CLONES_H
#define MGW_CLONES_H

/*
 * The vector code of the stages is worth having at the machine's own width; the loader picks the
 * clone. Sanitizers run before the loader's choice could, so their builds keep to the baseline.
 */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(MGW_NO_CLONES)
#define MGW_CLONES                                                                                 \
	__attribute__((flatten, target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MGW_CLONES
#endif

/*
 * A stage is a function of its own: all of them as one would have more values alive than the
 * processor has registers. What a stage calls often is one too: to call code for the baseline means
 * to change the state of the vector registers, twice, which was seen to take 100 ns.
 */
#define MGW_STAGE static __attribute__((noinline)) MGW_CLONES

#endif
