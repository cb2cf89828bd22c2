/* The protocol between looks, verdicts and fences: one client, a cluster that may split at any moment, and an application that
 * writes. The judge is written down here as src/split-brain has it, rule by rule, for two nodes that may both be primaries and
 * a third one that follows either. README.md says what is checked, what is left out, and how to run it.
 *
 * -DFAULT_... plants a fault that a property must find.
 */
#define A 0
#define B 1
#define NONE 2
#define OTHER(n) (1 - (n))

#ifndef CHANGES
#define CHANGES 4
#endif
#define LAST_TIMELINE 3

mtype = { primary, standby, recovering, down, unknown };

/* ---- The cluster as it is ---- */

mtype role[2] = down;
byte timeline[2] = 1;
bit follows = A;          /* whom the third node receives from, if that one is a primary */
bool lingers[2] = false;  /* counts the third node, which has left it, as a follower still */
byte changes = 0;
byte left = NONE;         /* the one primary that is left when all is healed */
#define healed (left != NONE)

/* ---- What the client believes: the view, one look that may be on its way to each node, and the judge's memory ---- */

mtype seen[2] = unknown;
byte seenTimeline[2];
byte seenSupport[2];
bool seenAsked[2];        /* asked since the contest began */

bool answered[2] = false; /* the look is on its way back; else on its way there: the next one is asked at once */
mtype found[2] = down;
byte foundTimeline[2];
byte foundSupport[2];
bool foundAsked[2];

byte named = NONE;
byte incumbent = NONE;
byte highWater = 0;
bool fenced[2] = false;
byte fencedBy[2];         /* the winner's timeline */
bool contest = false;
byte leader = NONE;
byte rewinding = NONE;
bool rival[2] = false;
byte rivalTimeline[2];
byte lasted = 0;          /* looks since the leader, the one coming back, or the wait for a rival, began to last */

/* ---- The application ---- */

bool condemned[2] = false;
bool lease[2] = false;
bool wrote[2] = false;    /* in the present view */

/* ---- For the properties alone ---- */

bool wasPrimary[2] = false;  /* at some moment since the contest began */
bool seenStood[2] = false;  /* has been a standby since the look that the view, or the one on its way, rests on */
bool foundStood[2] = false;
bool lost[2] = false;        /* has lost, and has not been a standby of the other since */

/* Time is left out: what must last may have lasted from the second look on, and has, once all is healed, after a few. */
#define mayHaveLasted (lasted >= 1)
#define mustHaveLasted (healed && lasted >= 2)

/* Out of recovery and back into it a server goes by a restart: its sessions are dead. One that is down may be cut off only. */
inline follow(n) {
  role[n] = standby; timeline[n] = timeline[OTHER(n)]; lost[n] = false; seenStood[n] = true; foundStood[n] = true; lease[n] = false
}

inline recover(n) {
  role[n] = recovering; lease[n] = false
}

inline lead(n) {
  role[n] = primary; wasPrimary[n] = true
}

/* ---- The judge ---- */

#define out(n) ((highWater > 0 && seenTimeline[n] < highWater) || fenced[n])
#define isBehind(n) (seenTimeline[n] < seenTimeline[OTHER(n)])
/* Not opposed by a fence whose winner it has left behind. */
#define isOpposed(n) ((seenTimeline[n] < highWater) || (fenced[n] && seenTimeline[n] <= fencedBy[n]) || (isBehind(n) && !out(OTHER(n))))

inline nameIt(n) {
  named = n; incumbent = n; highWater = seenTimeline[n];
  fenced[n] = false; condemned[n] = false;
  rival[A] = false; rival[B] = false; rewinding = NONE;
  if
  :: seen[OTHER(n)] == primary ->
       condemned[OTHER(n)] = true;
       if
       :: !fenced[OTHER(n)] -> fenced[OTHER(n)] = true; fencedBy[OTHER(n)] = seenTimeline[n]; lost[OTHER(n)] = !seenStood[OTHER(n)]
       :: else
       fi
  :: seen[OTHER(n)] != primary -> condemned[OTHER(n)] = false
  fi;
  lost[n] = false
}

/* Left behind by a change of the primary: whatever may still take writes there is cut. */
inline leave(n) {
  if
  :: named != NONE && before != NONE && before != named && seen[n] != standby && n == before -> lease[n] = false
  :: else
  fi
}

inline dispute() {
  named = NONE; condemned[A] = true; condemned[B] = true; rewinding = NONE;
  rival[A] = true; rival[B] = true; rivalTimeline[A] = seenTimeline[A]; rivalTimeline[B] = seenTimeline[B]
}

inline endFence(n) {
  if
  :: fenced[n] && seen[n] == standby && seenTimeline[n] >= fencedBy[n] -> fenced[n] = false; fencedBy[n] = 0
#ifdef FAULT_FENCE_ENDS_WITH_THE_WINNER
  :: fenced[n] && seen[OTHER(n)] != primary -> fenced[n] = false; fencedBy[n] = 0
#endif
  :: else
  fi
}

inline judge() {
  byte most = NONE; byte only = NONE; byte before = NONE;
  before = incumbent;
  wrote[A] = false; wrote[B] = false;
  if
  :: seen[A] == primary && seen[B] == primary -> judgeTwo()
  :: seen[A] == primary && seen[B] != primary -> only = A; judgeOne()
  :: seen[A] != primary && seen[B] == primary -> only = B; judgeOne()
  :: seen[A] != primary && seen[B] != primary ->                    /* 2 noClaimant */
       named = NONE; rewinding = NONE; condemned[A] = false; condemned[B] = false; lasted = 0;
       forgetRivals()
  fi;
  if :: seen[A] != primary || seen[B] != primary -> contest = false; leader = NONE :: else fi;
  endFence(A); endFence(B);
#ifndef FAULT_LEASES_ARE_KEPT
  if :: condemned[A] -> lease[A] = false :: else fi;
  if :: condemned[B] -> lease[B] = false :: else fi;
  leave(A); leave(B);
#endif
  most = NONE; only = NONE; before = NONE
}

/* Heard of, and no primary: not silent. */
inline forgetRivals() {
  if :: seen[A] == standby || seen[A] == recovering -> rival[A] = false :: else fi;
  if :: seen[B] == standby || seen[B] == recovering -> rival[B] = false :: else fi
}

#define waitsForRival (rival[OTHER(only)] && (seen[OTHER(only)] == unknown || rivalTimeline[OTHER(only)] >= seenTimeline[only]))
#define incumbentIsDoubted (incumbent == OTHER(only) && seen[OTHER(only)] == unknown)

inline judgeOne() {
  forgetRivals();
  condemned[OTHER(only)] = false;
  if
  :: out(only) ->                                                   /* 7 belowHighWater, 10 fenced */
       named = NONE; condemned[only] = true;
       if
#ifndef FAULT_NO_WAY_BACK
       :: seenSupport[only] > 0 ->
            if
            :: rewinding != only -> rewinding = only; lasted = 0
            :: rewinding == only && lasted < 2 -> lasted++
            :: else
            fi;
            if
            :: mayHaveLasted -> nameIt(only)                        /* 11 rewound */
            :: !mustHaveLasted
            fi
#endif
       :: else -> rewinding = NONE
       fi
  :: !out(only) && waitsForRival ->                                 /* 5 rivalSilent */
       named = NONE; rewinding = NONE; condemned[only] = false;
       if :: lasted < 2 -> lasted++ :: else fi;
       if
       :: mayHaveLasted -> rival[OTHER(only)] = false
       :: !mustHaveLasted
       fi
  :: !out(only) && !waitsForRival && incumbentIsDoubted ->          /* 4 incumbentDoubted */
       named = NONE; rewinding = NONE; condemned[only] = false
  :: !out(only) && !waitsForRival && !incumbentIsDoubted ->
       assert(!lost[only]);
       nameIt(only)                                                 /* 12 onlyClaimant */
  fi
}

inline judgeTwo() {
  if
  :: seenSupport[A] > seenSupport[B] -> most = A
  :: seenSupport[B] > seenSupport[A] -> most = B
  :: else
  fi;
  if
  :: !contest ->
       contest = true; leader = most; lasted = 0;
       seenAsked[A] = false; seenAsked[B] = false; foundAsked[A] = false; foundAsked[B] = false;
       wasPrimary[A] = (role[A] == primary); wasPrimary[B] = (role[B] == primary)
  :: contest && leader != most -> leader = most; lasted = 0
  :: contest && leader == most -> if :: lasted < 2 -> lasted++ :: else fi
  fi;
  if
  :: out(A) != out(B) && (most == NONE || !out(most)) ->            /* 21 highWater, 22 othersFenced */
       if :: out(A) -> nameIt(B) :: else -> nameIt(A) fi
  :: out(A) && out(B) && most == NONE ->                            /* nobody may come back */
       named = NONE; rewinding = NONE; condemned[A] = true; condemned[B] = true
  :: else ->
       if
#ifndef FAULT_UNCONFIRMED
       :: !(seenAsked[A] && seenAsked[B]) -> dispute();                            /* 13 unconfirmed */
#ifndef FAULT_UNCONFIRMED_CUTS_NOBODY
            condemned[A] = (incumbent != A); condemned[B] = (incumbent != B)
#else
            condemned[A] = false; condemned[B] = false
#endif
       :: seenAsked[A] && seenAsked[B] ->
#else
       :: true ->
#endif
            if
            :: most != NONE && !isOpposed(most) ->                  /* 18 followers */
                 assert(wasPrimary[A] && wasPrimary[B]);
                 nameIt(most)
            :: most != NONE && isOpposed(most) ->
                 if
                 :: mayHaveLasted -> assert(wasPrimary[A] && wasPrimary[B]); nameIt(most)  /* 20 settledFollowers */
                 :: !mustHaveLasted -> dispute()                    /* 19 settling */
                 fi
            :: most == NONE -> dispute()                            /* 23 undecided */
            fi
       fi
  fi
}

/* ---- Looks: one at a time at each node. What is asked, what is found and what is believed are three moments. ---- */

#define support(n) ((role[n] == primary && (follows == n || lingers[n]) -> 1 : 0) + (role[n] == primary && role[OTHER(n)] == standby -> 1 : 0))

proctype look(bit n) {
  do
  :: atomic { !answered[n] ->
       answered[n] = true;
       found[n] = role[n]; foundStood[n] = (role[n] == standby);
       foundTimeline[n] = (role[n] == down -> 0 : timeline[n]);
       foundSupport[n] = support(n)
     }
  :: atomic { answered[n] ->
       seen[n] = found[n]; seenTimeline[n] = foundTimeline[n]; seenSupport[n] = foundSupport[n];
       seenAsked[n] = foundAsked[n]; seenStood[n] = foundStood[n];
       answered[n] = false; found[n] = down; foundTimeline[n] = 0; foundSupport[n] = 0; foundStood[n] = false;
       judge();
       foundAsked[n] = true;
       assert(named == NONE || seen[named] == primary);
       assert(named == NONE || !condemned[named]);
       assert(named == NONE || seen[OTHER(named)] != primary || condemned[OTHER(named)])
     }
  od
}

/* The adversary, and at last the healing: one primary is left, which all follow. */
proctype cluster() {
  byte n = A;
  do
  :: !healed && changes < CHANGES -> atomic {
       changes++;
       if :: n = A :: n = B fi;
       if
       :: (role[n] == standby || role[n] == recovering) && timeline[n] < LAST_TIMELINE -> timeline[n]++; lead(n)
       :: role[n] == primary || role[n] == standby -> role[n] = down
       :: role[n] == down -> lead(n)                           /* back as it was: perhaps a second writable one */
       :: role[n] == down || role[n] == primary -> recover(n)  /* says that it is a standby, and receives nothing */
       :: role[n] != standby && role[OTHER(n)] == primary -> follow(n)
       :: follows != n -> follows = n; lingers[OTHER(n)] = true
       :: lingers[n] -> lingers[n] = false
       :: seen[n] == primary -> seen[n] = unknown; judge()     /* a connection in use gave a sign of trouble */
       :: else -> changes--
       fi;
       if
       :: role[OTHER(n)] == standby && role[n] == primary && timeline[OTHER(n)] < timeline[n] ->
            timeline[OTHER(n)] = timeline[n]
       :: role[OTHER(n)] == standby && role[n] != primary -> recover(OTHER(n))
       :: else
       fi;
       n = A
     }
  :: !healed -> atomic {
       if :: n = A :: n = B fi;
       if
       :: role[n] == primary
       :: else -> timeline[n]++
       fi;
       lead(n); follow(OTHER(n));
       follows = n; lingers[A] = false; lingers[B] = false; left = n; n = A
     }
  :: healed -> break
  od
}

inline write(n) {
  lease[n] = false; wrote[n] = true;
  assert(!condemned[n]);
  /* No write to two claimants in one view. */
  assert(!(wrote[A] && wrote[B] && seen[A] == primary && seen[B] == primary))
}

/* Takes connections as the verdict says, holds them, and writes over each once. */
proctype application() {
  do
  /* A connection is asked for its role before it is used. */
  :: atomic { named != NONE && !lease[named] && role[named] == primary -> lease[named] = true }
  :: atomic { lease[A] -> write(A) }
  :: atomic { lease[B] -> write(B) }
  od
}

init {
  atomic {
    role[A] = primary; role[B] = standby;
    run cluster(); run look(A); run look(B); run application()
  }
}

/* No refusal for ever once one primary is left. */
ltl live { [] (healed -> <> [] (named == left)) }
