//! What is counted: quotas, usage and health; and the forgetting of what is old.

use redb::{ReadableTable as _, WriteTransaction};

use super::tables::{GRANTS, HEALTH, USAGE};
use super::{Embedded, answers};
use crate::keys::KeyId;
use crate::store::{Ages, HealthDelta, HealthRow, Lease, StoreError, UsageDelta, UsageRow};

impl Embedded {
    pub(in crate::store) async fn lease(
        &self,
        id: KeyId,
        period_start: u64,
        quota: u64,
        need: u64,
        want: u64,
    ) -> Result<Lease, StoreError> {
        self.write(move |writing| {
            let mut grants = writing.open_table(GRANTS)?;
            let place = (id.number(), period_start);
            let before = grants.get(place)?.map_or(0, |granted| granted.value());
            let left = quota.saturating_sub(before);
            let granted = if left < need { 0 } else { want.max(need).min(left) };
            if granted > 0 {
                grants.insert(place, before.saturating_add(granted))?;
            }
            Ok(Lease { granted, left: left.saturating_sub(granted) })
        })
        .await
    }

    pub(in crate::store) async fn give_back(
        &self,
        id: KeyId,
        period_start: u64,
        units: u64,
    ) -> Result<(), StoreError> {
        self.write(move |writing| {
            let mut grants = writing.open_table(GRANTS)?;
            let place = (id.number(), period_start);
            let before = grants.get(place)?.map(|granted| granted.value());
            if let Some(before) = before {
                grants.insert(place, before.saturating_sub(units))?;
            }
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn granted(
        &self,
        id: KeyId,
        period_start: u64,
    ) -> Result<u64, StoreError> {
        self.read(move |reading| {
            let granted = reading.open_table(GRANTS)?.get((id.number(), period_start))?;
            Ok(granted.map_or(0, |granted| granted.value()))
        })
        .await
    }

    pub(in crate::store) async fn add_usage(
        &self,
        deltas: &[UsageDelta],
    ) -> Result<(), StoreError> {
        let deltas = deltas.to_vec();
        self.write(move |writing| {
            let mut usage = writing.open_table(USAGE)?;
            for delta in deltas {
                let place = (delta.id.number(), delta.day, delta.route);
                let (requests, units) = usage.get(place)?.map_or((0, 0), |row| row.value());
                let sum =
                    (requests.saturating_add(delta.requests), units.saturating_add(delta.units));
                usage.insert(place, sum)?;
            }
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn usage(
        &self,
        id: KeyId,
        from_day: u32,
        to_day: u32,
    ) -> Result<Vec<UsageRow>, StoreError> {
        let id = id.number();
        self.read(move |reading| {
            let table = reading.open_table(USAGE)?;
            let rows = table.range((id, from_day, "")..(id, to_day.saturating_add(1), ""))?;
            rows.map(|row| {
                let (place, sum) = row?;
                let ((_, day, route), (requests, units)) = (place.value(), sum.value());
                Ok(UsageRow { day, route: route.to_owned(), requests, units })
            })
            .collect()
        })
        .await
    }

    pub(in crate::store) async fn add_health(
        &self,
        deltas: &[HealthDelta],
    ) -> Result<(), StoreError> {
        let deltas = deltas.to_vec();
        self.write(move |writing| {
            let mut health = writing.open_table(HEALTH)?;
            for delta in deltas {
                let place = (delta.start, delta.component);
                let (ok, degraded, down) = health.get(place)?.map_or((0, 0, 0), |row| row.value());
                let sum = (
                    ok.saturating_add(delta.ok),
                    degraded.saturating_add(delta.degraded),
                    down.saturating_add(delta.down),
                );
                health.insert(place, sum)?;
            }
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn health(&self, from: u64) -> Result<Vec<HealthRow>, StoreError> {
        self.read(move |reading| {
            let table = reading.open_table(HEALTH)?;
            let rows = table.range((from, "")..)?;
            rows.map(|row| {
                let (place, looks) = row?;
                let ((start, component), (ok, degraded, down)) = (place.value(), looks.value());
                Ok(HealthRow { start, component: component.to_owned(), ok, degraded, down })
            })
            .collect()
        })
        .await
    }

    pub(in crate::store) async fn sweep(&self, now: u64) -> Result<(), StoreError> {
        self.write(move |writing| sweep(writing, &Ages::at(now))).await
    }
}

fn sweep(writing: &WriteTransaction, ages: &Ages) -> Result<(), StoreError> {
    answers::sweep(writing, ages.now)?;
    writing.open_table(GRANTS)?.retain(|(_, start), _| start >= ages.first_grant)?;
    writing.open_table(USAGE)?.retain(|(_, day, _), _| day >= ages.first_day)?;
    writing.open_table(HEALTH)?.retain_in(..(ages.first_health, ""), |_, _| false)?;
    Ok(())
}
